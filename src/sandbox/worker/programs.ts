/** Programs as they are kept in a worker: their text by key, and what V8 made of it for those that ran last. */
import { Script } from 'node:vm';
import { faultIn } from '../../tenant/action-code.js';
import type { Program, RunError } from '../messages.js';

/** Compiled ones; the text of the others stays, since the server sends it once. */
const COMPILED = 20;

const AROUND_A_FILE = '(function (exports, require, module, __filename, __dirname) {';

export interface CompiledProgram {
  readonly program: Program;
  /** The wrapper of the author's file (-1) or of a package. Throws SyntaxError, of a package. */
  readonly script: (module: number) => Script;
  /** Places of the packages that the last run loaded: the next context loads them ahead. */
  ahead: readonly number[];
}

export class Programs {
  readonly #programs = new Map<string, Program>();
  readonly #compiled = new Map<string, CompiledProgram>();

  keep(program: Program): void {
    this.#programs.set(program.key, program);
  }

  /** Why it cannot run, or what runs. */
  compiled(key: string): CompiledProgram | RunError {
    const known = this.#compiled.get(key);
    const program = this.#programs.get(key);
    if (!program) return unusable('crashed', 'the sandbox was not given the code of this Action');
    const made = known ?? compile(program, [...this.#compiled.values()]);
    if ('kind' in made) return made;
    // Last in the order of a Map is last used.
    this.#compiled.delete(key);
    this.#compiled.set(key, made);
    const oldest = this.#compiled.keys().next();
    if (this.#compiled.size > COMPILED && !oldest.done) this.#compiled.delete(oldest.value);
    return made;
  }
}

const unusable = (kind: RunError['kind'], message: string): RunError => ({
  kind,
  name: 'Error',
  message,
  line: null,
  column: null,
  stack: `Error: ${message}`,
});

/** The line above the author's first one stays on that line, so that lines and columns are those of the file. */
const wrapped = (code: string, filename: string): Script =>
  new Script(`${AROUND_A_FILE}${code}\n})`, { filename, columnOffset: -AROUND_A_FILE.length });

function compile(program: Program, others: readonly CompiledProgram[]): CompiledProgram | RunError {
  // A byte order mark is no column, and Node takes a first line for the shell as a comment.
  const code = program.code.replace(/^\uFEFF/, '').replace(/^#!/, '//');
  const fault = faultIn(code);
  if (fault) {
    const { line, column, message } = fault;
    const place = line === null ? '' : `\n    at ${program.file}:${line}:${column ?? 1}`;
    return {
      kind: 'unusable',
      name: 'SyntaxError',
      message,
      line,
      column,
      stack: `SyntaxError: ${message}${place}`,
    };
  }
  const scripts = new Map<number, Script>();
  const script = (index: number): Script => {
    const known = scripts.get(index);
    if (known) return known;
    const bundle = program.modules[index];
    const made = bundle
      ? (sameModule(bundle.hash, bundle.name, others) ?? wrapped(bundle.code, `node_modules/${bundle.name}`))
      : wrapped(code, program.file);
    scripts.set(index, made);
    return made;
  };
  return { program, script, ahead: [] };
}

/** Two Actions that require the same package share it. */
function sameModule(hash: string, name: string, others: readonly CompiledProgram[]): Script | undefined {
  for (const other of others) {
    const index = other.program.modules.findIndex((module) => module.hash === hash && module.name === name);
    if (index >= 0 && other.ahead.includes(index)) return other.script(index);
  }
  return undefined;
}
