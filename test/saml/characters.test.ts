import { DOMParser } from '@xmldom/xmldom';
import * as fc from 'fast-check';
import { SAML } from '@node-saml/node-saml';
import { expect, test } from 'vitest';
import type { AuthnRequest } from '../../src/protocol/saml/authn-request.js';
import { issueErrorResponse } from '../../src/protocol/saml/issue-response.js';
import { STATUS } from '../../src/protocol/saml/names.js';
import type { SetAttributes } from '../../src/protocol/saml/settings.js';
import { judgedBy, xmllint } from '../support/judges.js';
import { ACS, contextOf, issue, KEYS, type Login } from '../support/login-context.js';
import { libxmlCanonical } from '../support/oasis.js';
import { samlFailure } from '../support/saml-failure.js';
import { anyText, legalName, legalText, xmlCanCarry } from '../support/texts.js';
import { attributesOf, nameIdOf, partsOf, structureOf, textsOf } from '../support/wire.js';
import { verifySignatures } from '../support/xml-crypto-verify.js';

const NOTHING = {
  mappings: { nobody: 'nobody' },
  passthroughClaimsWithNoMapping: false,
  mapIdentities: false,
  createUpnClaim: false,
};
/** A login whose only attributes are these. */
const only = (attributes: SetAttributes): Login => ({ settings: NOTHING, attributes });

const named: Readonly<Record<string, string>> = {
  markup: '<b a="x" c=\'y\'>&amp;</b>',
  'carriage return': 'a\rb\r\nc\r',
  'line feed': '\na\n\nb\n',
  tab: '\ta\t\tb\t',
  'only white space': ' \t\n ',
  'next line, line and paragraph separator': 'a\u0085b\u2028c\u2029d',
  'no-break space and byte order mark': '\ufeffa\u00a0b\ufeff',
  emoji: '👩‍👩‍👧 😀 𝒳',
  'composed and decomposed': 'é e\u0301',
  'the end of CDATA': 'a]]>b',
  comments: 'admin@x.example<!-- -->.evil.example',
  CDATA: '<![CDATA[x]]>',
  'a processing instruction': '<?xml version="1.1"?>',
  'a DOCTYPE': '<!DOCTYPE x [<!ENTITY e "x">]>&e;',
  references: '&amp;lt; &#x1; &#0; &unknown;',
  'the highest character': '\u{10ffff}\ufffd\ud7ff\ue000',
  delete: 'a\u007fb\u0080c\u009f',
};
const attributes = Object.entries(named).map(([name, value]) => ({ name, value }));

test('9: an SP that reads with xmldom finds every troublesome value as it was', () => {
  const { xml } = issue(only(attributes));
  for (const { name, value } of attributes) expect(textsOf(xml, name), name).toEqual([value]);
});

test('9: the same texts as names, as NameID and as Issuer', () => {
  for (const text of Object.values(named)) {
    if (text.trim() === '') continue;
    const { xml } = issue({
      ...only([{ name: text, value: 'x' }]),
      settings: { ...NOTHING, issuer: text },
      context: { profile: { user_id: text } },
    });
    expect(attributesOf(xml).map(({ name }) => name)).toEqual([text]);
    expect(nameIdOf(xml)).toBe(text);
    expect(partsOf(xml).get('/Response/Assertion/Issuer')).toBe(text);
  }
});

test('9: any name and any text come back identical, or are refused by name', () => {
  fc.assert(
    fc.property(
      legalName,
      fc.oneof(anyText, fc.array(anyText, { minLength: 1, maxLength: 3 })),
      (name, value) => {
        const login = only([{ name, value }]);
        const texts = [value].flat();
        if (texts.every(xmlCanCarry)) expect(textsOf(issue(login).xml, name)).toEqual(texts);
        else {
          const { code, errors, description } = samlFailure(() => issue(login));
          expect(code).toBe('saml_illegal_characters');
          expect(description).toContain(JSON.stringify(name));
          const escaped = name.replaceAll('~', '~0').replaceAll('/', '~1');
          expect(errors[0]!.pointer).toBe(`/samlResponse/attributes/${escaped}`);
        }
      },
    ),
    { numRuns: 400 },
  );
});

test('9: any name, NameID and profile field come back identical, or are refused by name', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      if (text.trim() === '' || ['user_id', 'identities'].includes(text)) return;
      const profile = { user_id: text, [`f${text}`]: text };
      const login: Login = { settings: { mapUnknownClaimsAsIs: true }, context: { profile } };
      if (xmlCanCarry(text)) {
        const { xml } = issue(login);
        expect(nameIdOf(xml)).toBe(text);
        expect(textsOf(xml, `f${text}`)).toEqual([text]);
      } else {
        const { code, errors } = samlFailure(() => issue(login));
        expect(code).toBe('saml_illegal_characters');
        expect(errors[0]!.pointer).toBe('/user/user_id');
      }
    }),
    { numRuns: 300 },
  );
});

/** Many responses, each with many attributes, so that one run of a foreign program judges thousands. */
function manyResponses(): { readonly xml: string; readonly attributes: SetAttributes }[] {
  const drawn = fc.sample(fc.tuple(legalName, legalText), 2000);
  const unique = [...new Map(drawn)].map(([name, value]) => ({ name, value }));
  const chunks: SetAttributes[] = [];
  for (let start = 0; start < unique.length; start += 100) chunks.push(unique.slice(start, start + 100));
  return chunks.map((chunk) => ({ xml: issue(only(chunk)).xml, attributes: chunk }));
}

const REFERENCES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#x9;': '\t',
  '&#xA;': '\n',
  '&#xD;': '\r',
};
/** Canonical XML 1.0 2.3 read backwards: these are all the references that it writes. */
const resolved = (canonical: string): string =>
  canonical.replaceAll(/&[^;]+;/g, (reference) => REFERENCES[reference] ?? `unexpected ${reference}`);

judgedBy(xmllint)('9: libxml2 finds every name and text in thousands as it was', () => {
  const responses = manyResponses();
  const canonical = libxmlCanonical(responses.map(({ xml }) => xml));
  const pattern =
    /<saml:Attribute Name="([^"]*)"[^>]*><saml:AttributeValue [^>]*>([^<]*)<\/saml:AttributeValue>/g;
  const found = [...canonical.matchAll(pattern)].map(([, name, value]) => ({
    name: resolved(name!),
    value: resolved(value!),
  }));
  expect(found.length).toBeGreaterThan(1500);
  expect(found).toEqual(responses.flatMap((response) => response.attributes));
});

test('9: what the signature vouches for reads the same, to a parser that keeps to XML 1.0', () => {
  const parser = new DOMParser({ normalizeLineEndings: (text) => text.replaceAll(/\r\n?/g, '\n') });
  for (const response of manyResponses()) {
    const octets = verifySignatures(response.xml, KEYS.idp.cert)[0]!.octets;
    const signed = parser.parseFromString(octets, 'text/xml').getElementsByTagName('saml:Attribute');
    expect(
      [...signed].map((attribute) => ({
        name: attribute.getAttribute('Name'),
        value: attribute.textContent,
      })),
    ).toEqual(response.attributes);
  }
});

/**
 * node-saml parses the canonical octets again, in which no reference can stand, with a reader that takes U+0085 and U+2028
 * for line ends (in a name, for spaces), and drops values of white space only. That is beyond any identity provider.
 */
const asNodeSamlReads = {
  name: (text: string): string => text.replaceAll(/[\u0085\u2028]/g, ' '),
  value: (text: string): string | undefined => {
    const read = text.replaceAll(/[\u0085\u2028]/g, '\n');
    return /^\s*$/.test(read) ? undefined : read;
  },
};
test('9: node-saml, over the whole signed response, finds every name and text as it was, but for its own line ends', async () => {
  const sp = new SAML({
    callbackUrl: ACS,
    issuer: ACS,
    audience: ACS,
    idpCert: KEYS.idp.cert,
    wantAuthnResponseSigned: false,
    acceptedClockSkewMs: -1,
  });
  for (const response of manyResponses()) {
    const { profile } = await sp.validatePostResponseAsync({
      SAMLResponse: Buffer.from(response.xml).toString('base64'),
    });
    const read = new Map(Object.entries(profile!['attributes'] as Record<string, string | undefined>));
    const expected = new Map(
      response.attributes.map(({ name, value }) => [
        asNodeSamlReads.name(name),
        asNodeSamlReads.value(value as string),
      ]),
    );
    expect(read).toEqual(expected);
  }
});

const illegal = [
  '\u0000',
  '\u0001',
  '\u0008',
  '\u000b',
  '\u000c',
  '\u001f',
  '\ufffe',
  '\uffff',
  '\ud800',
  '\udfff',
];
test.each(illegal)('9: %j is refused wherever it stands, and the field is named', (character) => {
  const text = `urn:a${character}b`;
  const refusedAt = (login: Login): string => {
    const { code, errors, description } = samlFailure(() => issue(login));
    expect(code).toBe('saml_illegal_characters');
    expect(description).toContain('U+');
    return errors[0]!.pointer;
  };
  const names = [
    'audience',
    'recipient',
    'destination',
    'issuer',
    'nameIdentifierFormat',
    'authnContextClassRef',
  ];
  for (const name of names) expect(refusedAt({ settings: { [name]: text } })).toBe(`/samlResponse/${name}`);
  expect(refusedAt({ client: { issuer: text } })).toBe('/addons/samlp/issuer');
  expect(refusedAt({ attributes: [{ name: 'a/b', value: text }] })).toBe('/samlResponse/attributes/a~1b');
  expect(refusedAt({ attributes: [{ name: 'a', value: [1, text] }] })).toBe('/samlResponse/attributes/a');
  expect(refusedAt({ attributes: [{ name: text, value: 'x' }] })).toBe(`/samlResponse/attributes/${text}`);
  expect(refusedAt({ context: { profile: { user_id: 'x', 'a.b': [text] } } })).toBe('/user/a.b');
  expect(refusedAt({ context: { profile: { user_id: 'x', [text]: 1 } } })).toBe(`/user/${text}`);
  const identities = [{ provider: 'x', connection: text }];
  expect(refusedAt({ context: { profile: { user_id: 'x', identities } } })).toBe(
    '/user/identities/0/connection',
  );
  const client = { mappings: { user_id: 'id', nick: 'nick' } };
  expect(refusedAt({ client, context: { profile: { user_id: 'x', nick: text } } })).toBe('/user/nick');
  expect(refusedAt({ client: { mappings: { user_id: text } } })).toBe('/addons/samlp/mappings/user_id');
});

const hostile = [
  '"><evil/>',
  "'><evil/><x y='",
  '</saml:Issuer><saml:Assertion>',
  '</saml:AttributeValue></saml:Attribute><saml:Attribute/>',
  '"/><samlp:StatusCode/>',
  ']]><evil/>',
  '<!--',
  '-->',
  '<![CDATA[',
  '<?evil?>',
  '&lt;evil&gt;',
  '"xmlns:saml="urn:evil',
  '\u0085"ID="_evil',
];
const request = (text: string): AuthnRequest => ({
  version: '2.0',
  id: text,
  issuer: text,
  issueInstant: '2026-11-21T09:59:58Z',
  forceAuthn: false,
  isPassive: false,
  requestedAuthnContext: { comparison: 'exact', classRefs: [text] },
  signed: false,
  xml: '',
});
/** Every place at which a text of someone else's reaches the document. */
const places: Readonly<Record<string, (text: string) => Login>> = {
  'the settings': (text) => {
    const uri = `urn:${text.replaceAll(/[ [\]]/g, '.')}`;
    return {
      settings: {
        audience: uri,
        recipient: uri,
        destination: uri,
        issuer: text,
        nameIdentifierFormat: uri,
        authnContextClassRef: uri,
      },
    };
  },
  'an attribute’s name and values': (text) => only([{ name: text, value: [text, text] }]),
  'the names of mappings': (text) => ({ settings: { mappings: { user_id: text } } }),
  'the profile': (text) => ({
    context: {
      profile: {
        user_id: text,
        email: text,
        [text]: text,
        upn: text,
        identities: [{ provider: text, connection: text, access_token: text }],
      },
    },
  }),
  'the request': (text) => ({
    settings: { echoRequestedAuthnContext: true },
    context: { request: request(text), acsUrl: text },
  }),
  'the tenant': (text) => ({
    context: { entityId: text, unmappedClaimPrefix: text, fallbackAudience: text },
  }),
};
for (const [place, login] of Object.entries(places))
  test(`9: markup in ${place} stays text: the document is built alike and its signature verifies`, () => {
    const benign = structureOf(issue(login('benign')).xml);
    for (const text of hostile) {
      const { xml } = issue(login(text));
      expect(structureOf(xml)).toBe(benign);
      expect(xml).not.toMatch(/<[!?]/);
      expect(verifySignatures(xml, KEYS.idp.cert).map(({ over }) => over)).toEqual(['Assertion']);
    }
  });

test('9: markup in an error Response stays text', () => {
  const fail = (text: string): string =>
    issueErrorResponse(
      contextOf({ settings: { issuer: text, destination: text }, context: { request: request(text) } }),
      { code: STATUS.responder, message: text },
      null,
    );
  for (const text of hostile) {
    expect(structureOf(fail(text))).toBe(structureOf(fail('benign')));
    expect(partsOf(fail(text)).get('/Response/Status/StatusMessage')).toBe(text);
    expect(partsOf(fail(text)).get('/Response/@InResponseTo')).toBe(text);
  }
});
