/** Whether an Action's code can be read at all: it is parsed, and never run here. */
import { compileFunction } from 'node:vm';

/** Lines and columns count from 1; `null` where the parser did not tell. */
export interface CodeFault {
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
}

/** What a CommonJS file finds around it. */
const AROUND_A_FILE = ['module', 'exports', 'require', '__filename', '__dirname'];

/** What the author meant, where the parser's words do not lead there. */
const HINTS: readonly (readonly [message: RegExp, hint: string])[] = [
  [
    /import statement outside|Unexpected token 'export'|import\.meta/,
    'an Action is a CommonJS file: require(…) and exports.onExecutePostLogin = async (event, api) => { … }',
  ],
  [/await is only valid/, 'only inside an async function can a promise be awaited'],
  [
    /Missing initializer in const|Unexpected identifier|Unexpected token ':'|Unexpected strict mode reserved|missing \) after argument list/,
    'if this is TypeScript, give the JavaScript that it compiles to',
  ],
  [
    /require a function name/,
    'if this is a Rule, write it as an Action: exports.onExecutePostLogin = async (event, api) => { … }',
  ],
];

const PARSED_AS = 'action';

/** The first thing that makes it no JavaScript; `null` where there is none. */
export function faultIn(code: string): CodeFault | null {
  try {
    compileFunction(code, AROUND_A_FILE, { filename: PARSED_AS });
    return null;
  } catch (error) {
    if (!(error instanceof Error)) return { line: null, column: null, message: 'it cannot be parsed' };
    if (error.name === 'RangeError')
      return { line: null, column: null, message: 'it is nested too deeply to be parsed' };
    return { ...placeIn(error.stack ?? ''), message: withHint(error.message) };
  }
}

function withHint(message: string): string {
  const hint = HINTS.find(([said]) => said.test(message))?.[1];
  return hint === undefined ? message : `${message} (${hint})`;
}

/** V8 begins the stack with the place, the line, and a mark under the column. */
function placeIn(stack: string): Pick<CodeFault, 'line' | 'column'> {
  const [place = '', , mark = ''] = stack.split('\n');
  const line = new RegExp(`^${PARSED_AS}:(\\d+)$`).exec(place)?.[1];
  if (line === undefined) return { line: null, column: null };
  const column = mark.indexOf('^');
  return { line: Number(line), column: column < 0 ? null : column + 1 };
}

/** `12:7: Unexpected token ';'`, as far as the place is known. */
export const faultInWords = ({ line, column, message }: CodeFault): string =>
  [...(line === null ? [] : [line]), ...(column === null ? [] : [column]), ` ${message}`].join(':').trim();
