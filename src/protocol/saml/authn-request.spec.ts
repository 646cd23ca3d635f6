import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeAuthnRequest, readAuthnRequest } from './authn-request.js';
import { SamlError } from './saml-error.js';

const namespaces =
  'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"';
const attributes = 'ID="_r1" Version="2.0" IssueInstant="2030-01-31T12:00:00Z"';
const issuer = '<saml:Issuer>https://sp.example.com</saml:Issuer>';
const request = (more = '', children = issuer, own = attributes): string =>
  `<samlp:AuthnRequest ${namespaces} ${own} ${more}>${children}</samlp:AuthnRequest>`;

const plain = (xml: string): string => Buffer.from(xml).toString('base64');
const deflated = (xml: string): string => deflateRawSync(Buffer.from(xml)).toString('base64');

function refusal(act: () => unknown): { code: string; description: string } {
  try {
    act();
  } catch (error) {
    if (error instanceof SamlError) return { code: error.code, description: error.description };
    throw error;
  }
  return { code: 'no error', description: '' };
}
const refused = (xml: string): { code: string; description: string } => refusal(() => readAuthnRequest(xml));

test('a deflated request is read', () => {
  expect(decodeAuthnRequest(deflated(request()))).toEqual({
    version: '2.0',
    id: '_r1',
    issuer: 'https://sp.example.com',
    issueInstant: '2030-01-31T12:00:00Z',
    forceAuthn: false,
    isPassive: false,
    signed: false,
    xml: request(),
  });
});

test('a plain request is read, with line breaks in its base64 and a declaration before it', () => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n${request()}`;
  const lines = plain(xml).replace(/.{76}/g, '$&\r\n');
  expect(decodeAuthnRequest(lines)).toMatchObject({ id: '_r1', xml });
});

test('a byte order mark before a plain request is passed over', () => {
  expect(decodeAuthnRequest(plain(`\uFEFF${request()}`)).xml).toBe(request());
});

test('every field that an IdP reads is read', () => {
  const read = readAuthnRequest(
    request(
      'Destination="https://idp.example.com/samlp" AssertionConsumerServiceURL="https://sp.example.com/acs?a=1&amp;b=2" ' +
        'ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" ForceAuthn="1" IsPassive="true"',
      issuer +
        '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>' +
        '<saml:Subject><saml:NameID Format="urn:f">alice@example.com</saml:NameID></saml:Subject>' +
        '<samlp:NameIDPolicy Format="urn:g" AllowCreate="0" SPNameQualifier="q"/>' +
        '<samlp:RequestedAuthnContext Comparison="minimum"><saml:AuthnContextClassRef>urn:a</saml:AuthnContextClassRef>' +
        '<saml:AuthnContextClassRef>urn:b</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>',
    ),
  );
  expect(read).toMatchObject({
    destination: 'https://idp.example.com/samlp',
    assertionConsumerServiceURL: 'https://sp.example.com/acs?a=1&b=2',
    protocolBinding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
    forceAuthn: true,
    isPassive: true,
    nameIDPolicy: { format: 'urn:g', allowCreate: false, spNameQualifier: 'q' },
    requestedAuthnContext: { comparison: 'minimum', classRefs: ['urn:a', 'urn:b'] },
    subject: { nameId: 'alice@example.com', format: 'urn:f' },
    signed: true,
  });
});

test('Comparison is exact unless said, an index is a number', () => {
  const read = readAuthnRequest(
    request('AssertionConsumerServiceIndex="3"', `${issuer}<samlp:RequestedAuthnContext/>`),
  );
  expect(read.requestedAuthnContext).toEqual({ comparison: 'exact', classRefs: [] });
  expect(read.assertionConsumerServiceIndex).toBe(3);
});

test('fields are read of the root and its direct children only', () => {
  const nested = `<samlp:Extensions>${request('ForceAuthn="true"', '<saml:Issuer>https://evil.example</saml:Issuer>', attributes.replace('_r1', '_r2'))}</samlp:Extensions>`;
  expect(readAuthnRequest(request('', nested + issuer))).toMatchObject({
    id: '_r1',
    issuer: 'https://sp.example.com',
    forceAuthn: false,
  });
});

test('any prefixes will do', () => {
  const xml = request().replaceAll('samlp:', 'p:').replace('xmlns:samlp', 'xmlns:p');
  expect(readAuthnRequest(xml).id).toBe('_r1');
});

for (const [what, bad, words] of [
  ['a character outside base64', `${plain(request())}!`, '"!"'],
  ['XML in place of base64', request(), 'XML itself'],
  ['percent encoding', encodeURIComponent('a+/='), 'percent-encoded'],
  ['base64url', 'ab-_', 'base64url'],
  ['something after the padding', 'YQ==YQ==', 'after the end'],
  ['a cut end', 'YWFhY', 'cut off'],
  ['nothing', ' \n', 'empty'],
  ['a zlib header', deflateSync(Buffer.from(request())).toString('base64'), 'zlib header'],
  ['gzip', gzipSync(Buffer.from(request())).toString('base64'), 'neither XML nor raw DEFLATE'],
  ['half a deflate stream', deflated(request()).slice(0, 40), 'neither XML nor raw DEFLATE'],
  ['bytes that are not UTF-8', Buffer.from(request('x="é"'), 'latin1').toString('base64'), 'not UTF-8'],
  ['UTF-16', Buffer.from(`\uFEFF${request()}`, 'utf16le').toString('base64'), 'UTF-16'],
] as const)
  test(`${what} cannot be decoded`, () => {
    const { code, description } = refusal(() => decodeAuthnRequest(bad));
    expect(code).toBe('saml_message_undecodable');
    expect(description).toContain(words);
  });

test('more than 64 kB is not looked at', () => {
  expect(refusal(() => decodeAuthnRequest('A'.repeat(64 * 1024 + 1))).code).toBe('saml_message_too_large');
});

test('a bomb is stopped while it inflates', () => {
  const bomb = deflateRawSync(Buffer.alloc(40_000_000, 'a')).toString('base64');
  expect(bomb.length).toBeLessThan(64 * 1024);
  expect(refusal(() => decodeAuthnRequest(bomb)).code).toBe('saml_message_too_large');
});

for (const [what, xml, code] of [
  ['a DOCTYPE', `<!DOCTYPE a>${request()}`, 'saml_xml_forbidden'],
  ['a second root', request() + request(), 'saml_xml_malformed'],
  ['an unclosed tag', request().replace('</saml:Issuer>', ''), 'saml_xml_malformed'],
  ['another root', request().replaceAll('AuthnRequest', 'LogoutRequest'), 'saml_request_invalid'],
  ['another namespace', request().replace('SAML:2.0:protocol', 'SAML:1.0:protocol'), 'saml_request_invalid'],
  ['no namespace', '<AuthnRequest/>', 'saml_request_invalid'],
  ['no Version', request().replace('Version="2.0"', ''), 'saml_request_invalid'],
  ['no ID', request().replace('ID="_r1"', ''), 'saml_request_invalid'],
  ['an ID with a digit first', request().replace('_r1', '1r'), 'saml_request_invalid'],
  ['an ID with a quote in it', request().replace('_r1', '_&quot;r'), 'saml_request_invalid'],
  ['an ID with a colon', request().replace('_r1', 'a:b'), 'saml_request_invalid'],
  ['an empty ID', request().replace('_r1', ''), 'saml_request_invalid'],
  ['no IssueInstant', request().replace(/IssueInstant="[^"]*"/, ''), 'saml_request_invalid'],
  ['local time', request().replace('12:00:00Z', '12:00:00+01:00'), 'saml_request_invalid'],
  ['a date that is none', request().replace('01-31', '02-30'), 'saml_request_invalid'],
  ['no Issuer', request('', ''), 'saml_request_invalid'],
  [
    'an Issuer further down',
    request('', `<samlp:Extensions>${issuer}</samlp:Extensions>`),
    'saml_request_invalid',
  ],
  ['an Issuer of another namespace', request('', '<samlp:Issuer>x</samlp:Issuer>'), 'saml_request_invalid'],
  ['two Issuers', request('', issuer + issuer), 'saml_request_invalid'],
  ['a blank Issuer', request('', '<saml:Issuer> \n</saml:Issuer>'), 'saml_request_invalid'],
  [
    'a comment in the Issuer',
    request('', '<saml:Issuer>https://sp.example.com<!-- -->.evil.example</saml:Issuer>'),
    'saml_request_invalid',
  ],
  [
    'a processing instruction in the Issuer',
    request('', '<saml:Issuer>https://sp.example.com<?a b?>.evil.example</saml:Issuer>'),
    'saml_request_invalid',
  ],
  ['an element in the Issuer', request('', '<saml:Issuer>a<b/>c</saml:Issuer>'), 'saml_request_invalid'],
  ['one ID twice', request('', `${issuer}<samlp:Scoping ID="_r1"/>`), 'saml_request_invalid'],
  ['one ID twice, once as Id', request('', `${issuer}<samlp:Scoping Id="_r1"/>`), 'saml_request_invalid'],
  ['a boolean that is none', request('ForceAuthn="yes"'), 'saml_request_invalid'],
  ['a boolean in capitals', request('IsPassive="TRUE"'), 'saml_request_invalid'],
  ['an index that is no number', request('AssertionConsumerServiceIndex="-1"'), 'saml_request_invalid'],
  ['an index too high', request('AssertionConsumerServiceIndex="65536"'), 'saml_request_invalid'],
  [
    'an unknown Comparison',
    request('', `${issuer}<samlp:RequestedAuthnContext Comparison="equal"/>`),
    'saml_request_invalid',
  ],
] as const)
  test(`${what} is refused`, () => {
    expect(refused(xml).code).toBe(code);
  });

test.each(['1.1', '2.1', '3.0', '', 'two'])(
  'Version %j is read like any other, with all of the request, so that it can be answered',
  (version) => {
    const xml = request('AssertionConsumerServiceURL="https://sp.example.com/acs"').replace(
      '2.0"',
      `${version}"`,
    );
    expect(readAuthnRequest(xml)).toMatchObject({
      version,
      id: '_r1',
      issuer: 'https://sp.example.com',
      assertionConsumerServiceURL: 'https://sp.example.com/acs',
    });
  },
);

test('declarations are read beside classes, and are left out where there are none', () => {
  const context = (refs: string) =>
    readAuthnRequest(
      request('', `${issuer}<samlp:RequestedAuthnContext>${refs}</samlp:RequestedAuthnContext>`),
    ).requestedAuthnContext;
  expect(context('<saml:AuthnContextDeclRef>urn:d</saml:AuthnContextDeclRef>')).toEqual({
    comparison: 'exact',
    classRefs: [],
    declRefs: ['urn:d'],
  });
  expect(context('<saml:AuthnContextClassRef>urn:c</saml:AuthnContextClassRef>')).toEqual({
    comparison: 'exact',
    classRefs: ['urn:c'],
  });
});

test('white space around a URI is no part of it, around a name it is', () => {
  const read = readAuthnRequest(
    request(
      '',
      `${issuer}<saml:Subject><saml:NameID Format=" urn:f ">\n alice \n</saml:NameID></saml:Subject>` +
        '<samlp:NameIDPolicy Format="\nurn:g "/>' +
        '<samlp:RequestedAuthnContext><saml:AuthnContextClassRef>\n\turn:a\n</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>',
    ),
  );
  expect(read.subject).toEqual({ nameId: '\n alice \n', format: 'urn:f' });
  expect(read.nameIDPolicy).toEqual({ format: 'urn:g' });
  expect(read.requestedAuthnContext?.classRefs).toEqual(['urn:a']);
});

test('CDATA in the Issuer is text', () => {
  expect(
    readAuthnRequest(request('', '<saml:Issuer><![CDATA[https://sp.example.com]]></saml:Issuer>')).issuer,
  ).toBe('https://sp.example.com');
});

test('whatever is sent, it is read or refused by name', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom('base64', 'latin1', 'base64url'),
      (bytes, as) => {
        const { code } = refusal(() => decodeAuthnRequest(Buffer.from(bytes).toString(as)));
        expect(code).toMatch(/^saml_/);
      },
    ),
  );
});

test('whatever happens to a good request on its way, it is read or refused by name', () => {
  const xml = request('ForceAuthn="1"', `${issuer}<samlp:NameIDPolicy Format="urn:g"/>`);
  fc.assert(
    fc.property(
      fc.nat(xml.length),
      fc.nat(20),
      fc.constantFrom('', '<', '>', '&', '"', '<!--', 'x', '\u0000', '</'),
      (start, cut, put) => {
        const { code } = refused(xml.slice(0, start) + put + xml.slice(start + cut));
        expect(code).toMatch(/^(?:saml_|no error)/);
      },
    ),
    { numRuns: 500 },
  );
});
