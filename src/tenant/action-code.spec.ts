import { expect, test } from 'vitest';
import { faultIn, faultInWords } from './action-code.js';

test.each([
  'exports.onExecutePostLogin = async (event, api) => { await fetch("https://x.test"); };',
  'module.exports = { onExecutePostLogin: async () => {} };',
  'const { a } = require("a"); return;',
  '#!/usr/bin/env node\n',
  '',
])('%j is code', (code) => {
  expect(faultIn(code)).toBeNull();
});

test.each<[string, number | null, number | null, RegExp]>([
  ['const a = 1;\nconst b = ;\n', 2, 11, /^Unexpected token ';'$/],
  ['a\tb', 1, 3, /^Unexpected identifier/],
  ['import x from "y";', 1, 1, /CommonJS/],
  ['\n\nexport const a = 1;', 3, 1, /CommonJS/],
  ['await 1', 1, 1, /async function/],
  ['const a: string = 1', 1, 7, /TypeScript/],
  ['exports.onExecutePostLogin = async (event: Event, api: any) => {};', 1, 37, /TypeScript/],
  ['exports.onExecutePostLogin = async (event): Promise<void> => {};', 1, 43, /TypeScript/],
  ['function (user, context, callback) {}', 1, 1, /Rule/],
  ['const module = 1', 1, 7, /already been declared/],
  ['if (x) {\n', 2, null, /Unexpected end of input/],
  ['});(() => {', 1, 1, /Unexpected token '}'/],
  ['('.repeat(90_000), null, null, /nested too deeply/],
])('of %j the place and the fault are told', (code, line, column, message) => {
  expect(faultIn(code)).toEqual({ line, column, message: expect.stringMatching(message) });
});

test('code is parsed and not run', () => {
  const marker = 'mintmarkRan';
  faultIn(`globalThis.${marker} = true;`);
  faultIn(`}); globalThis.${marker} = true; (() => {`);
  expect(globalThis).not.toHaveProperty(marker);
});

test('a fault reads place first', () => {
  expect(faultInWords({ line: 3, column: 9, message: 'no' })).toBe('3:9: no');
  expect(faultInWords({ line: 3, column: null, message: 'no' })).toBe('3: no');
  expect(faultInWords({ line: null, column: null, message: 'no' })).toBe('no');
});
