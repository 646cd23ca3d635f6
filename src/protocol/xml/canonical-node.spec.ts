import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExclusiveCanonicalization } from 'xml-crypto';
import { judgedBy, xmllint } from '../../../test/support/judges.js';
import { canonicaliseNode } from './canonical-node.js';
import { parseXml } from './parse.js';
import { childElements, type NS } from './reading.js';

const canonical = (xml: string, inclusive?: readonly string[]): string =>
  canonicaliseNode(parseXml(xml).documentElement!, inclusive && { inclusive });

/** Each with what libxml2 writes; no comments among them, since xmllint keeps those. */
const documents: Readonly<Record<string, string>> = {
  'namespaces where they are used': '<r xmlns:a="u:a" xmlns:b="u:b"><a:x><b:y/><a:z b:k="1"/></a:x></r>',
  'prefixes of both cases': '<r xmlns:b="u:b" xmlns:A="u:A" xmlns:a="u:a"><x A:k="1" b:k="2" a:k="3"/></r>',
  'prefixes with punctuation':
    '<r xmlns:a1="u:1" xmlns:a_="u:2" xmlns:a-="u:3" xmlns:a.="u:4"><x a-:k="1" a1:k="2" a_:k="3" a.:k="4"/></r>',
  'a default namespace undone': '<r xmlns="u:d"><x xmlns=""><y/><z/></x><w/></r>',
  'attributes by namespace, then name':
    '<r xmlns:p="u:1" xmlns:q="u:12" z="" ID="1" p:b="x" q:a="y" p:a2="z"/>',
  'a prefix bound anew': '<a:r xmlns:a="u:1"><a:x xmlns:a="u:2"><a:y xmlns:a="u:1"/></a:x><a:z/></a:r>',
  'CDATA and references': '<r>a<![CDATA[<&>\r\n"]]>b&#13;&#9;&#10;&quot;</r>',
  'attribute white space': '<r a="&#13;&#10;&#9;&lt;&gt;&amp;&quot;&apos;  x\ty\nz"/>',
  'other line ends': '<r a="\u0085\u2028">\u0085\u2028\u2029\r\r\n</r>',
  'an empty element': '<r><a/><b></b></r>',
  'xml:lang': '<r xml:lang="en" xmlns:z="u:z" z:a="1" b="2"><a xml:space="preserve"> </a></r>',
  'processing instructions': '<r>a<?foo bar?>b<?foo?></r>',
};

judgedBy(xmllint)('canonical octets are those of libxml2', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'mintmark-')), 'document.xml');
  for (const [what, xml] of Object.entries(documents)) {
    writeFileSync(file, xml);
    expect(canonical(xml), what).toBe(execFileSync('xmllint', ['--exc-c14n', file], { encoding: 'utf8' }));
  }
});

judgedBy(xmllint)('canonical octets of any text are those of libxml2', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'mintmark-')), 'document.xml');
  const texts = fc.array(fc.string({ unit: 'grapheme' }), { minLength: 60, maxLength: 60 });
  fc.assert(
    fc.property(texts, (values) => {
      const escaped = values.map((value) =>
        value.replace(/[&<>"'\p{Cc}]/gu, (character) => {
          const code = character.codePointAt(0)!;
          return code < 32 && ![9, 10, 13].includes(code) ? '' : `&#${code};`;
        }),
      );
      const xml = `<r>${escaped.map((value) => `<v a="${value}">${value}</v>`).join('')}</r>`;
      writeFileSync(file, xml);
      expect(canonical(xml)).toBe(execFileSync('xmllint', ['--exc-c14n', file], { encoding: 'utf8' }));
    }),
    { numRuns: 10 },
  );
});

test('comments are left out', () => {
  expect(canonical('<r>a<!-- x -->b<!----></r>')).toBe('<r>ab</r>');
});

test('the apex brings the namespaces that it uses from above', () => {
  const root = parseXml(
    '<s:r xmlns:s="u:s" xmlns="u:d" xmlns:t="u:t" xmlns:n="u:n"><s:a t:k="1"><b/></s:a></s:r>',
  ).documentElement!;
  expect(canonicaliseNode(childElements(root)[0]!)).toBe(
    '<s:a xmlns:s="u:s" xmlns:t="u:t" t:k="1"><b xmlns="u:d"></b></s:a>',
  );
});

test('InclusiveNamespaces keeps the prefixes it lists, wherever they are declared', () => {
  const root = parseXml(
    '<s:r xmlns:s="u:s" xmlns="u:d" xmlns:xs="u:xs" xmlns:n="u:n"><s:a xmlns:m="u:m"><s:b/></s:a></s:r>',
  ).documentElement!;
  const [apex] = childElements(root);
  expect(canonicaliseNode(apex!, { inclusive: ['xs', 'm', 'missing', '#default'] })).toBe(
    '<s:a xmlns="u:d" xmlns:m="u:m" xmlns:s="u:s" xmlns:xs="u:xs"><s:b></s:b></s:a>',
  );
});

test('a child is left out with all that is in it', () => {
  const root = parseXml('<r>a<x>b<y/></x>c</r>').documentElement!;
  expect(canonicaliseNode(root, { without: childElements(root)[0] })).toBe('<r>ac</r>');
});

test('xml-crypto agrees on a document of ordinary make', () => {
  const ordinary: Record<keyof Pick<typeof NS, 'saml' | 'samlp'>, string> = {
    samlp:
      '<samlp:Response xmlns:samlp="u:p" Version="2.0" ID="_1"><saml:Issuer xmlns:saml="u:s">i</saml:Issuer></samlp:Response>',
    saml: '<saml:A xmlns:saml="u:s"><saml:V xmlns:xsi="u:xsi" xsi:type="xs:string">a&amp;&lt;&gt;&#13;"</saml:V></saml:A>',
  };
  for (const xml of Object.values(ordinary)) {
    const root = parseXml(xml).documentElement!;
    expect(canonicaliseNode(root)).toBe(new ExclusiveCanonicalization().process(root as never, {}));
  }
});
