/** What an author's code threw, whatever it is, as JSON of a RunError. Nothing that is thrown can throw again here. */
import type { RunError } from '../../messages.js';
import type { Host } from './host.js';
import { descriptorOf, quoted, read, slice, startsWith, toText } from './primordials.js';
import { snapshots, type Seen } from './snapshot.js';
import { framesIn, NOWHERE } from './stack.js';

const LONGEST = 16_384;
/** Node refuses before anybody of ours is asked, in words about its own API. */
const NO_IMPORT = 'import() is not there for Actions: use require, which gives ES modules too';

const json = (value: number | null): string => (value === null ? 'null' : toText(value));

export const runError = (
  kind: RunError['kind'],
  name: string,
  message: string,
  frames: { readonly own: string; readonly first: typeof NOWHERE } = { own: '', first: NOWHERE },
): string => {
  const said = slice(message, 0, LONGEST);
  const stack = slice(`${name}${said === '' ? '' : `: ${said}`}${frames.own}`, 0, 2 * LONGEST);
  const { line, column } = frames.first;
  return `{"kind":${quoted(kind)},"name":${quoted(name)},"message":${quoted(said)},"line":${json(line)},"column":${json(column)},"stack":${quoted(stack)}}`;
};

export function describedBy(host: Host, seen: Seen): (thrown: unknown, kind?: RunError['kind']) => string {
  const printed = (thrown: unknown): string => {
    try {
      return host.inspect(snapshots([thrown], seen));
    } catch {
      return 'something that cannot be shown';
    }
  };
  const describe = (thrown: unknown, kind: RunError['kind']): string => {
    if ((typeof thrown !== 'object' && typeof thrown !== 'function') || thrown === null) {
      const name = thrown === null ? 'null' : typeof thrown;
      return runError(kind, name, typeof thrown === 'string' ? thrown : printed(thrown));
    }
    const name = nameOf(thrown);
    const message = read(thrown, 'message');
    const stack = read(thrown, 'stack');
    const words = typeof message === 'string' ? message : printed(thrown);
    const header = `${name}${words === '' ? '' : `: ${words}`}`;
    const code = read(thrown, 'code');
    const isImport = typeof code === 'string' && startsWith(code, 'ERR_VM_DYNAMIC_IMPORT');
    const said = isImport ? NO_IMPORT : words;
    return runError(
      kind,
      name,
      said,
      typeof stack === 'string' ? framesIn(stack, header, seen.file) : undefined,
    );
  };
  return (thrown, kind = 'threw') => {
    try {
      return describe(thrown, kind);
    } catch {
      return runError(kind, 'Error', 'something was thrown that cannot be shown');
    }
  };
}

function nameOf(thrown: object): string {
  const name = read(thrown, 'name');
  if (typeof name === 'string' && name !== '') return slice(name, 0, 200);
  const made = read(thrown, 'constructor');
  const known = typeof made === 'function' ? (descriptorOf(made, 'name')?.value as unknown) : undefined;
  return typeof known === 'string' && known !== '' ? slice(known, 0, 200) : 'Object';
}
