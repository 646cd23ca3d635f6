/** `api` as the author gets it: objects and functions of their own realm, behind which a call goes to the worker as text. */
import { BOUNDS } from '../../messages.js';
import type { Host, InvokeReply, RealmMember } from './host.js';
import { captureStackTrace, ERRORS, indexOf, parseJson, put, slice } from './primordials.js';
import { changeIn, decode, encodeArguments } from './plain.js';
import { placeAbove } from './stack.js';

const hostError = (name: string, message: string): Error => new (ERRORS[name] ?? ERRORS['Error']!)(message);

export function apiOf(
  members: readonly RealmMember[],
  host: Host,
  file: string,
  event: object,
  isOver: () => boolean,
): object {
  const api = {};

  const ask = (index: number, args: readonly unknown[], above: object): unknown => {
    if (isOver())
      throw hostError('Error', 'the handler has ended: api can no longer be called. await what you start');
    const { line, column } = placeAbove(above, file);
    let text: string;
    try {
      text = encodeArguments(args, BOUNDS.callBytes);
    } catch (error) {
      // A getter's own error keeps its own stack.
      if (error instanceof ERRORS['TypeError']! && placeOfOurs(error)) captureStackTrace(error, above);
      throw error;
    }
    const reply = parseJson(host.invoke(index, text, line, column)) as InvokeReply;
    for (let at = 0; at < reply.changes.length; at += 1) {
      const change = reply.changes[at]!;
      try {
        changeIn(event, change[0], change[1] === null ? undefined : (change[1] as { value: unknown }).value);
      } catch {
        // The author made their event so that it cannot be changed; theirs alone.
      }
    }
    if (!reply.ok) {
      const error = hostError(reply.name, reply.message);
      captureStackTrace(error, above);
      throw error;
    }
    return decode(reply.value);
  };

  for (let index = 0; index < members.length; index += 1) {
    const member = members[index]!;
    const last = memberOf(api, member.name);
    put(
      last.holder,
      last.name,
      functionNamed(last.name, member.answers, (args, above) => ask(index, args, above), api),
    );
  }
  return api;
}

const placeOfOurs = (error: Error): boolean => indexOf(error.message, 'argument') >= 0;

/** The object that holds `a.b.c`, made where it is not there, and `c`. */
function memberOf(api: object, path: string): { holder: object; name: string } {
  let holder = api;
  let rest = path;
  for (;;) {
    const dot = indexOf(rest, '.');
    if (dot < 0) return { holder, name: rest };
    const step = slice(rest, 0, dot);
    rest = slice(rest, dot + 1);
    const known = (holder as Record<string, unknown>)[step];
    if (typeof known === 'object' && known !== null) holder = known;
    else {
      const made = {};
      put(holder, step, made);
      holder = made;
    }
  }
}

function functionNamed(
  name: string,
  answers: RealmMember['answers'],
  ask: (args: readonly unknown[], above: object) => unknown,
  api: object,
): object {
  const holder =
    answers === 'promise'
      ? {
          // The call is made at once; what comes of it is a promise.
          [name](...args: unknown[]): Promise<unknown> {
            let value: unknown;
            try {
              value = ask(args, made);
            } catch (error) {
              return rejected(error);
            }
            return resolved(value);
          },
        }
      : {
          [name](...args: unknown[]): unknown {
            const value = ask(args, made);
            return answers === 'api' ? api : value;
          },
        };
  const made = holder[name] as object;
  return made;
}

// Async functions make promises of this realm, whatever becomes of Promise.
const resolved = async (value: unknown): Promise<unknown> => value;
const rejected = async (error: unknown): Promise<never> => {
  throw error;
};
