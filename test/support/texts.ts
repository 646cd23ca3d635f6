/** Texts that a caller may bring along, the troublesome ones often, and what XML 1.0 makes of them. */
import * as fc from 'fast-check';

/** Separated by a space, which is trouble too. */
const TROUBLE = `& < > " ' \t \n \r \r\n \u0085 \u2028 \u2029 \u00a0 \ufeff ]]> <!-- --> <![CDATA[ <?x?> &amp; &#10; %41 {} /> 😀 é e\u0301 x`;

/** What XML 1.0 2.2 leaves out; half a surrogate pair is no character at all. */
const beyond = fc.constantFrom(
  '\u0000',
  '\u0001',
  '\u0008',
  '\u000b',
  '\u001f',
  '\ufffe',
  '\uffff',
  '\ud800',
  '\udfff',
);

const joined = (parts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(parts, { maxLength: 8 }).map((texts) => texts.join(''));

/** Any UTF-16 text, one in three or so beyond XML. */
export const anyText = joined(
  fc.oneof(
    { arbitrary: fc.constantFrom(' ', ...TROUBLE.split(' ')), weight: 8 },
    { arbitrary: fc.string({ unit: 'binary', maxLength: 4 }), weight: 8 },
    { arbitrary: beyond, weight: 1 },
  ),
);

const FORBIDDEN = [
  [0, 8],
  [11, 12],
  [14, 31],
  [0xfffe, 0xffff],
] as const;
/** The other way round than the code under test has it: by what is forbidden. */
export const xmlCanCarry = (text: string): boolean =>
  text.isWellFormed() &&
  Array.from(text).every((character) => {
    const codePoint = character.codePointAt(0)!;
    return !FORBIDDEN.some(([from, to]) => from <= codePoint && codePoint <= to);
  });

export const legalText = anyText.filter(xmlCanCarry);

export const legalName = legalText.filter((name) => name.trim() !== '');
