import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  acs,
  assertionXml,
  audience,
  base64,
  ciphers,
  encrypted,
  expected,
  good,
  idp,
  keyFile,
  modes,
  other,
  responseXml,
  signed,
  sp,
  SUCCESS,
  type Mode,
  type Parts,
} from '../../../../test/saml/foreign-response.js';
import { verifySamlResponse, type SamlVerification, type VerifyOptions } from './verify-saml-response.js';

const verify = (xml: string, more: Partial<VerifyOptions> = {}): SamlVerification =>
  verifySamlResponse({ SAMLResponse: base64(xml) }, { ...expected, decryptionKey: sp.key, ...more });
const failed = (verification: SamlVerification): string[] =>
  verification.steps.filter(({ status }) => status === 'fail').map(({ name }) => name);
const named = (verification: SamlVerification, name: string) =>
  verification.steps.find((step) => step.name === name);
/** Like `replace`, but it must find something. */
function change(xml: string, from: string | RegExp, to: string): string {
  const changed = xml.replace(from, to);
  if (changed === xml) throw new Error(`${from} is not there`);
  return changed;
}
const signedWith = (parts: Partial<Parts>): string =>
  signed(responseXml(SUCCESS + assertionXml(parts), parts), 'Assertion');

for (const mode of modes)
  test(`a good response of mode ${mode} is valid, and no step fails`, () => {
    const verification = verify(good[mode]());
    expect(failed(verification)).toEqual([]);
    expect(verification.valid).toBe(true);
    expect(named(verification, 'cross_check')?.status).toBe('pass');
    expect(verification.assertionXml).toContain('<saml:NameID');
  });

test('the transcript has its steps in this order', () => {
  expect(verify(good.A()).steps.map(({ name, status }) => `${name} ${status}`)).toEqual([
    'decode pass',
    'parse pass',
    'root pass',
    'status pass',
    'comments pass',
    'id_uniqueness pass',
    'signature_position pass',
    'decryption skipped',
    'reference pass',
    'transforms pass',
    'algorithms pass',
    'digest pass',
    'signed_info pass',
    'key pass',
    'signature_value pass',
    'cross_check pass',
    'schema_order pass',
    'issuer pass',
    'name_id pass',
    'subject_confirmation pass',
    'conditions pass',
    'audience pass',
    'destination pass',
    'recipient pass',
    'in_response_to pass',
    'authn_statement pass',
  ]);
});

test('the octets are there to be digested again', () => {
  const { data } = named(verify(good.B()), 'digest')!;
  const octets = data?.['canonicalOctets'] as string;
  expect(createHash('sha256').update(octets).digest('base64')).toBe(data?.['expected']);
  expect(octets).toMatch(/^<samlp:Response /);
  expect(octets).not.toContain('Signature');
});

test('XML is verified like base64 of it, and a byte order mark changes nothing', () => {
  expect(verifySamlResponse({ xml: good.A() }, expected).valid).toBe(true);
  expect(verifySamlResponse({ xml: `\uFEFF${good.A()}` }, expected).valid).toBe(true);
  expect(verify(`\uFEFF${good.A()}`).valid).toBe(true);
});

test('line breaks in the base64 are passed over', () => {
  const SAMLResponse = base64(good.A()).replace(/.{64}/g, '$&\r\n');
  expect(verifySamlResponse({ SAMLResponse }, expected).valid).toBe(true);
});

test('the assertion is given back as it stood on the wire, and as it was decrypted', () => {
  const assertion = signed(assertionXml(), 'Assertion');
  expect(verify(responseXml(SUCCESS + assertion)).assertionXml).toBe(assertion);
  expect(verify(responseXml(SUCCESS + encrypted(assertion))).assertionXml).toBe(assertion);
});

for (const [what, from, to, cause] of [
  ['an attribute', 'alice@example.com', 'admin@example.com', 'digest'],
  ['the NameID', '>alice<', '>admin<', 'digest'],
  ['the audience', `>${audience}<`, '>https://sp2.example.com<', 'digest'],
  ['the end', 'NotOnOrAfter="2030-01-31T13', 'NotOnOrAfter="2031-01-31T13', 'digest'],
  ['white space', '<saml:Subject>', '<saml:Subject> ', 'digest'],
  ['the DigestValue', /<DigestValue>..../, '<DigestValue>AAAA', 'digest'],
  ['SignedInfo', '<SignedInfo>', '<SignedInfo Id="a">', 'signature_value'],
  ['the SignatureValue', /<SignatureValue>..../, '<SignatureValue>AAAA', 'signature_value'],
  ['the SignatureValue to no base64', /<SignatureValue>..../, '<SignatureValue>!', 'signature_value'],
  ['the SignatureValue to nothing', /<SignatureValue>[^<]*/, '<SignatureValue>', 'signature_value'],
] as const)
  for (const mode of ['A', 'B'] as const)
    test(`${what} changed after signing fails at ${cause} in mode ${mode}`, () => {
      const verification = verify(change(good[mode](), from, to));
      expect(failed(verification)[0]).toBe(cause);
      expect(verification.valid).toBe(false);
    });

test('a digest that differs shows what was expected and what was found', () => {
  const step = named(verify(change(good.A(), 'alice@example.com', 'admin@example.com')), 'digest')!;
  expect(step.data?.['expected']).not.toBe(step.data?.['actual']);
  expect(step.data?.['canonicalOctets']).toContain('admin@example.com');
});

test('Destination changed after signing fails at digest where the Response is signed, at destination where not', () => {
  const evil = (mode: Mode) =>
    change(good[mode](), `Destination="${acs}"`, 'Destination="https://evil.example"');
  expect(failed(verify(evil('B')))[0]).toBe('digest');
  expect(failed(verify(evil('A')))).toEqual(['destination']);
});

test('a Response without Destination is wrong only where it is signed', () => {
  const without = (element: 'Assertion' | 'Response') =>
    verify(signed(change(responseXml(SUCCESS + assertionXml()), ` Destination="${acs}"`, ''), element));
  expect(failed(without('Response'))).toEqual(['destination']);
  expect(failed(without('Assertion'))).toEqual([]);
  expect(named(without('Assertion'), 'destination')).toMatchObject({
    status: 'skipped',
    detail: expect.stringContaining('There is no Response/@Destination') as string,
  });
});

test('base64 whose + have become spaces fails at decode and is told so; wrapped by spaces it is read', () => {
  const SAMLResponse = base64(good.A());
  expect(SAMLResponse).toContain('+');
  const read = (text: string) => verifySamlResponse({ SAMLResponse: text }, expected);
  const lost = read(SAMLResponse.replaceAll('+', ' '));
  expect(failed(lost)).toEqual(['decode']);
  expect(named(lost, 'decode')?.detail).toContain('spaces where "+" stood');
  expect(read(SAMLResponse.replace(/.{76}/g, '$& ')).valid).toBe(true);
  const noPlus = base64('<hello'.repeat(50));
  expect(noPlus).not.toContain('+');
  for (const width of [60, 64, 76])
    expect(failed(read(noPlus.replace(new RegExp(`.{${width}}`, 'g'), '$& ')))[0]).toBe('parse');
});

test('ciphertext changed after signing fails at digest where the Response is signed, at decryption where not', () => {
  const evil = (xml: string) =>
    change(xml, /(<\/ds:KeyInfo><xenc:CipherData><xenc:CipherValue>.{200})..../, '$1AAAA');
  expect(failed(verify(evil(good.D())))[0]).toBe('digest');
  expect(failed(verify(evil(good.C())))[0]).toBe('decryption');
});

for (const mode of modes)
  test(`mode ${mode}: the certificate of another IdP fails at key, and names both`, () => {
    const verification = verify(good[mode](), { certificates: [other.crt] });
    expect(failed(verification)[0]).toBe('key');
    expect(named(verification, 'key')?.hint).toContain('`cert` and `key`');
    expect(verification.valid).toBe(false);
  });

test('another’s signature without certificate in KeyInfo fails at signature_value', () => {
  const xml = signed(responseXml(SUCCESS + assertionXml()), 'Assertion', { pair: other, keyInfo: false });
  expect(failed(verify(xml))[0]).toBe('signature_value');
});

test('another’s signature under the IdP’s certificate in KeyInfo fails at signature_value', () => {
  const xml = signed(responseXml(SUCCESS + assertionXml()), 'Assertion', {
    pair: { key: other.key, crt: idp.crt },
  });
  expect(failed(verify(xml))[0]).toBe('signature_value');
});

test('KeyInfo is no proof: another certificate in it changes nothing but the hint', () => {
  const xml = signed(responseXml(SUCCESS + assertionXml()), 'Assertion', {
    pair: { key: idp.key, crt: other.crt },
  });
  const verification = verify(xml);
  expect(verification.valid).toBe(true);
  expect(named(verification, 'key')?.hint).toContain('another certificate');
});

test('of several trusted certificates the one that signed is found', () => {
  const verification = verify(good.A(), { certificates: [other.crt, idp.crt] });
  expect(verification.valid).toBe(true);
  const { used, trusted } = named(verification, 'key')!.data as { used: string; trusted: string[] };
  expect(used).toBe(trusted[1]);
});

test('no trusted certificate, or one that is none, fails at key', () => {
  expect(failed(verify(good.A(), { certificates: [] }))).toEqual(['key']);
  expect(failed(verify(good.A(), { certificates: ['rubbish'] }))).toEqual(['key']);
});

test('an expired response fails at conditions and nowhere else', () => {
  const verification = verify(good.A(), { now: new Date('2030-01-31T13:00:00Z') });
  expect(failed(verification)).toEqual(['conditions']);
  expect(named(verification, 'conditions')?.hint).toContain('lifetimeInSeconds');
});

test('a response from the future fails at conditions and nowhere else', () => {
  expect(failed(verify(good.A(), { now: new Date('2030-01-31T11:59:59.999Z') }))).toEqual(['conditions']);
});

test('the first instant is valid, the last millisecond too, and the skew widens both ends', () => {
  const at = (now: string, clockSkewInSeconds = 0) =>
    verify(good.A(), { now: new Date(now), clockSkewInSeconds }).valid;
  expect(at('2030-01-31T12:00:00.000Z')).toBe(true);
  expect(at('2030-01-31T12:59:59.999Z')).toBe(true);
  expect(at('2030-01-31T13:00:04.999Z', 5)).toBe(true);
  expect(at('2030-01-31T13:00:05.000Z', 5)).toBe(false);
  expect(at('2030-01-31T11:59:55.000Z', 5)).toBe(true);
  expect(at('2030-01-31T11:59:54.999Z', 5)).toBe(false);
});

for (const [what, notOnOrAfter] of [
  ['zero', '2030-01-31T12:00:00Z'],
  ['negative', '2030-01-31T11:59:00Z'],
] as const)
  test(`a lifetime that is ${what} fails at conditions and names the setting`, () => {
    const verification = verify(signedWith({ notOnOrAfter }));
    expect(failed(verification)).toEqual(['conditions']);
    expect(named(verification, 'conditions')?.hint).toContain('more than 0');
  });

test('a session that is over is pointed out at authn_statement, and fails nothing', () => {
  const until = (instant: string) =>
    verify(
      signed(
        change(
          responseXml(SUCCESS + assertionXml()),
          'SessionIndex="_session"',
          `SessionIndex="_session" SessionNotOnOrAfter="${instant}"`,
        ),
        'Assertion',
      ),
    );
  const over = until(expected.now.toISOString());
  expect(over.valid).toBe(true);
  expect(named(over, 'authn_statement')).toMatchObject({
    status: 'pass',
    hint: expect.stringContaining('`sessionLifetimeInSeconds`') as string,
    data: { sessionNotOnOrAfter: '2030-01-31T12:00:10.000Z' },
  });
  expect(named(until('2030-01-31T12:00:11Z'), 'authn_statement')).not.toHaveProperty('hint');
});

test('a clock that is no instant fails at conditions', () => {
  expect(failed(verify(good.A(), { now: new Date('never') }))).toEqual(['conditions']);
});

for (const [option, value, hint] of [
  ['audience', 'https://sp2.example.com', 'setAudience'],
  ['recipient', 'https://sp.example.com/acs2', 'setRecipient'],
  ['destination', 'https://sp.example.com/acs2', 'setDestination'],
] as const)
  test(`another ${option} than expected fails there and nowhere else, naming the setter`, () => {
    const verification = verify(good.A(), { [option]: value });
    expect(failed(verification)).toEqual([option]);
    expect(named(verification, option)?.hint).toContain(hint);
  });

test('an answer to another request, to none, or to one where none was asked, fails at in_response_to', () => {
  expect(failed(verify(good.A(), { inResponseTo: '_other' }))).toEqual(['in_response_to']);
  expect(failed(verify(good.A(), { inResponseTo: null }))).toEqual(['in_response_to']);
  const unsolicited = signed(
    change(responseXml(SUCCESS + assertionXml()), / InResponseTo="_request"/g, ''),
    'Assertion',
  );
  expect(failed(verify(unsolicited))).toEqual(['in_response_to']);
  expect(verify(unsolicited, { inResponseTo: null }).valid).toBe(true);
});

test('InResponseTo in one place only fails', () => {
  const xml = change(good.A(), 'ID="_response" InResponseTo="_request"', 'ID="_response"');
  expect(failed(verify(xml, { inResponseTo: undefined }))).toEqual(['in_response_to']);
});

test('what is not expected is reported and skipped', () => {
  const verification = verifySamlResponse({ xml: good.A() }, { certificates: [idp.crt], now: expected.now });
  expect(verification.valid).toBe(true);
  const skipped = verification.steps.filter(({ status }) => status === 'skipped').map(({ name }) => name);
  expect(skipped).toEqual(['decryption', 'audience', 'destination', 'recipient', 'in_response_to']);
});

test('an error Response fails at status, signed or not, and is not called unsigned', () => {
  const status =
    '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"/>' +
    '<samlp:StatusMessage>not today</samlp:StatusMessage></samlp:Status>';
  const unsigned = verify(responseXml(status));
  expect(failed(unsigned)).toEqual(['status']);
  expect(named(unsigned, 'status')?.detail).toContain('Responder: "not today"');
  const verification = verify(signed(responseXml(status), 'Response'));
  expect(failed(verification)).toEqual(['status']);
  expect(named(verification, 'signature_value')?.status).toBe('pass');
  expect(named(verification, 'name_id')?.status).toBe('skipped');
});

for (const cipher of ciphers)
  for (const place of ['nested', 'beside'] as const)
    test(`${cipher} with its key ${place} is decrypted`, () => {
      const xml = responseXml(SUCCESS + encrypted(signed(assertionXml(), 'Assertion'), cipher, place));
      expect(failed(verify(xml))).toEqual([]);
      expect(named(verify(xml), 'decryption')?.data?.['blockCipher']).toBe(cipher);
    });

test('without a key the encrypted part is skipped, and only a signature over the ciphertext makes it valid', () => {
  const c = verify(good.C(), { decryptionKey: undefined });
  expect(failed(c)).toEqual([]);
  expect(c.valid).toBe(false);
  expect(named(c, 'decryption')).toMatchObject({
    status: 'skipped',
    hint: expect.stringContaining('decryptionKey'),
  });
  const d = verify(good.D(), { decryptionKey: undefined });
  expect(d.valid).toBe(true);
  expect(d.assertionXml).toBeUndefined();
});

test('an issuer that was expected is compared', () => {
  expect(verify(good.A(), { issuer: 'urn:idp' }).valid).toBe(true);
  const verification = verify(good.A(), { issuer: 'urn:idp2' });
  expect(failed(verification)).toEqual(['issuer']);
  expect(named(verification, 'issuer')?.hint).toContain('setIssuer');
});

test('an assertion that was kept is read where there is no key, and never in place of one', () => {
  const keptAssertionXml = signed(assertionXml({ nameId: 'bob' }), 'Assertion');
  const kept = verify(good.C(), { decryptionKey: undefined, keptAssertionXml });
  expect(failed(kept)).toEqual([]);
  expect(kept.valid).toBe(true);
  expect(named(kept, 'decryption')?.status).toBe('skipped');
  expect(named(kept, 'name_id')?.data?.['value']).toBe('bob');
  expect(named(verify(good.C(), { keptAssertionXml }), 'name_id')?.data?.['value']).toBe('alice');
  const tampered = keptAssertionXml.replace('>bob<', '>eve<');
  expect(failed(verify(good.C(), { decryptionKey: undefined, keptAssertionXml: tampered }))).toEqual([
    'digest',
  ]);
  expect(failed(verify(good.C(), { decryptionKey: undefined, keptAssertionXml: '<a>' }))).toEqual([
    'decryption',
  ]);
});

test('the wrong key fails at decryption, and says for whom it was encrypted', () => {
  const verification = verify(good.C(), { decryptionKey: other.key });
  expect(failed(verification)).toEqual(['decryption']);
  expect(named(verification, 'decryption')?.hint).toContain('encryptionPublicKey');
  expect(named(verification, 'decryption')?.data?.['encryptedFor']).toHaveLength(1);
});

test('a key that is none fails at decryption, without its text', () => {
  for (const decryptionKey of ['some secret rubbish', sp.crt, keyFile('ec.key')]) {
    const verification = verify(good.C(), { decryptionKey });
    expect(failed(verification)).toEqual(['decryption']);
    expect(JSON.stringify(verification)).not.toContain(decryptionKey.slice(-60, -40) || decryptionKey);
  }
});

for (const [what, plaintext] of [
  ['not XML', 'hello'],
  ['not UTF-8', Buffer.from([0xff, 0xff])],
  ['another element', '<a/>'],
  ['two elements', assertionXml() + assertionXml()],
  ['a prefix that is declared outside only', assertionXml().replace(/ xmlns:saml="[^"]*"/, '')],
  ['a DOCTYPE', `<!DOCTYPE a>${assertionXml()}`],
] as const)
  test(`a plaintext that is ${what} fails at decryption`, () => {
    expect(failed(verify(responseXml(SUCCESS + encrypted(plaintext))))).toEqual(['decryption']);
  });

test('RSA 1.5 and unknown ciphers fail at decryption by name', () => {
  const rsa15 = change(good.C(), 'xmlenc#rsa-oaep-mgf1p', 'xmlenc#rsa-1_5');
  expect(named(verify(rsa15), 'decryption')).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('rsa-1_5'),
  });
  const des = change(good.C(), 'xmlenc11#aes256-gcm', 'xmlenc11#tripledes-cbc');
  expect(named(verify(des), 'decryption')).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('tripledes'),
  });
});

test('SHA-1 passes with a hint, and fails where it is not allowed', () => {
  const xml = signed(responseXml(SUCCESS + assertionXml()), 'Assertion', {
    signature: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1',
    digest: 'http://www.w3.org/2000/09/xmldsig#sha1',
  });
  expect(verify(xml).valid).toBe(true);
  expect(named(verify(xml), 'algorithms')?.hint).toContain('signatureAlgorithm');
  expect(failed(verify(xml, { allowSha1: false }))).toEqual(['algorithms']);
});

test('rsa-sha512, RSA-PSS, a ds prefix and InclusiveNamespaces are verified', () => {
  for (const signing of [
    {
      signature: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
      digest: 'http://www.w3.org/2001/04/xmlenc#sha512',
    },
    { signature: 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1' },
    { prefix: 'ds' },
    { inclusive: ['xs', 'samlp'] },
  ])
    for (const element of ['Assertion', 'Response'] as const)
      expect(failed(verify(signed(responseXml(SUCCESS + assertionXml()), element, signing)))).toEqual([]);
});

test('a signature prefix that is declared on the Response only is verified', () => {
  const xml = responseXml(SUCCESS + assertionXml()).replace(
    '<samlp:Response ',
    '<samlp:Response xmlns:ds="http://www.w3.org/2000/09/xmldsig#" ',
  );
  const hoisted = signed(xml, 'Assertion', { prefix: 'ds' }).replace(
    '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"',
    '<ds:Signature',
  );
  expect(failed(verify(hoisted))).toEqual([]);
});

test('texts that readers are known to trip over are verified', () => {
  const email =
    '&#13;&#10;&#9;&lt;&gt;&amp;"\' ]]&gt; &#x85;&#x2028;&#x2029; \u{1F600} <![CDATA[<x>&]]> \uFFFD';
  expect(failed(verify(signedWith({ email })))).toEqual([]);
});

for (const [what, parts, cause] of [
  ['without audience', { audience: '' }, 'audience'],
  ['with a blank NameID', { nameId: ' ' }, 'name_id'],
  ['with another Issuer in the Response', {}, 'issuer'],
] as const)
  test(`a signed response ${what} fails at ${cause}`, () => {
    const xml = signedWith(parts);
    expect(failed(verify(cause === 'issuer' ? change(xml, '>urn:idp<', '>urn:other<') : xml))).toEqual([
      cause,
    ]);
  });

for (const [what, from, to, cause] of [
  ['no Subject', /<saml:Subject>.*<\/saml:Subject>/, '', 'name_id'],
  ['no bearer', 'cm:bearer', 'cm:sender-vouches', 'subject_confirmation'],
  ['no Recipient', / Recipient="[^"]*"/, '', 'subject_confirmation'],
  [
    'a NotBefore in the confirmation',
    ' Recipient=',
    ' NotBefore="2030-01-31T12:00:00Z" Recipient=',
    'subject_confirmation',
  ],
  ['no end in the confirmation', /(ConfirmationData) NotOnOrAfter="[^"]*"/, '$1', 'subject_confirmation'],
  ['no Conditions', /<saml:Conditions.*<\/saml:Conditions>/, '', 'conditions'],
  ['a time that is none', 'NotBefore="2030-01-31T12:00:00Z"', 'NotBefore="2030-01-31"', 'conditions'],
  [
    'an end of the confirmation that has passed',
    /(ConfirmationData) NotOnOrAfter="[^"]*"/,
    '$1 NotOnOrAfter="2030-01-31T12:00:05Z"',
    'conditions',
  ],
  ['no AudienceRestriction', /<saml:AudienceRestriction>.*<\/saml:AudienceRestriction>/, '', 'audience'],
  ['no AuthnStatement', /<saml:AuthnStatement.*<\/saml:AuthnStatement>/, '', 'authn_statement'],
  [
    'Conditions before Subject',
    /(<saml:Subject>.*<\/saml:Subject>)(<saml:Conditions.*<\/saml:Conditions>)/,
    '$2$1',
    'schema_order',
  ],
  ['an empty AttributeStatement', /<saml:Attribute Name.*<\/saml:Attribute>/, '', 'schema_order'],
  ['an Attribute without Name', 'Name="email" ', '', 'schema_order'],
  ['a stranger among its children', '<saml:Conditions ', '<saml:Foo/><saml:Conditions ', 'schema_order'],
  [
    'two NameIDs',
    '<saml:SubjectConfirmation ',
    '<saml:NameID>b</saml:NameID><saml:SubjectConfirmation ',
    'schema_order',
  ],
  ['an Assertion of Version 1.1', '" Version="2.0" ID="_a', '" Version="1.1" ID="_a', 'schema_order'],
] as const)
  test(`a properly signed assertion with ${what} fails at ${cause} first`, () => {
    const xml = signed(change(responseXml(SUCCESS + assertionXml()), from, to), 'Assertion');
    expect(failed(verify(xml))[0]).toBe(cause);
  });

test('two restrictions must both hold, two audiences of one are a choice', () => {
  const two = (text: string) =>
    signed(
      change(responseXml(SUCCESS + assertionXml()), '</saml:Audience>', `</saml:Audience>${text}`),
      'Assertion',
    );
  expect(failed(verify(two('<saml:Audience>urn:b</saml:Audience>')))).toEqual([]);
  expect(
    failed(
      verify(
        two('</saml:AudienceRestriction><saml:AudienceRestriction><saml:Audience>urn:b</saml:Audience>'),
      ),
    ),
  ).toEqual(['audience']);
});

for (const [what, SAMLResponse, cause] of [
  ['nothing', '', 'decode'],
  ['XML without base64', good.A(), 'decode'],
  ['percent encoding', encodeURIComponent(base64(good.A())), 'decode'],
  ['deflated bytes', 'jZFNa8MwDIb', 'decode'],
  ['text that is no XML', base64('<hello'), 'parse'],
  ['a DOCTYPE', base64(`<!DOCTYPE a>${good.A()}`), 'parse'],
  ['a second root', base64(good.A() + good.A()), 'parse'],
  ['a bare assertion', base64(signed(assertionXml(), 'Assertion')), 'root'],
  ['another protocol', base64('<Response/>'), 'root'],
  ['Version 1.1', base64(good.A().replace('Version="2.0"', 'Version="1.1"')), 'root'],
] as const)
  test(`${what} fails at ${cause}`, () => {
    const verification = verifySamlResponse({ SAMLResponse }, expected);
    expect(failed(verification)[0]).toBe(cause);
    expect(verification.valid).toBe(false);
  });

test('every failed step has a hint', () => {
  for (const xml of [good.A(), good.C(), '<a/>', responseXml(SUCCESS)])
    for (const step of verify(xml, {
      certificates: [],
      audience: 'x',
      recipient: 'x',
      destination: 'x',
      inResponseTo: 'x',
      decryptionKey: 'x',
      now: new Date(0),
    }).steps)
      if (step.status === 'fail') expect(step.hint, step.name).toBeTruthy();
});

test('a response with fifty thousand values is verified in bounded time', () => {
  const values = '<saml:AttributeValue xsi:type="xs:double">1</saml:AttributeValue>'.repeat(50_000);
  const xml = signed(
    change(responseXml(SUCCESS + assertionXml()), '</saml:Attribute>', `${values}</saml:Attribute>`),
    'Assertion',
  );
  const start = performance.now();
  const verification = verify(xml);
  expect(failed(verification)).toEqual([]);
  expect(named(verification, 'cross_check')?.status).toBe('skipped');
  expect(performance.now() - start).toBeLessThan(10_000);
});

const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.nat(12),
  put: fc.oneof(
    fc.constantFrom(
      '',
      '<',
      '>',
      '&',
      '"',
      '<!--x-->',
      '<?x y?>',
      '</saml:Issuer>',
      '<saml:Assertion>',
      ' ID="_response"',
    ),
    fc.string({ maxLength: 4 }),
  ),
});
/** Made once: signing is what takes the time. */
const documents = Object.fromEntries(modes.map((mode) => [mode, good[mode]()])) as Record<Mode, string>;

test('whatever happens to a good response, verification never throws, and what is not the same is not valid', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...modes),
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
      (mode, mutations) => {
        let xml = documents[mode];
        for (const { at, cut, put } of mutations) {
          const position = Math.floor(at * xml.length);
          xml = xml.slice(0, position) + put + xml.slice(position + cut);
        }
        const verification = verify(xml);
        expect(verification.steps.some(({ detail }) => detail.startsWith('It could not be looked at'))).toBe(
          false,
        );
        if (verification.valid) expect(meaning(verification)).toEqual(meaning(verify(documents[mode])));
      },
    ),
    { numRuns: 400 },
  );
});
/** What an SP would act on. */
const meaning = (verification: SamlVerification): unknown =>
  ['status', 'name_id', 'conditions', 'audience', 'authn_statement'].map(
    (name) => named(verification, name)?.data,
  );

test('bytes of any kind never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (bytes, text) => {
      for (const input of [
        { SAMLResponse: Buffer.from(bytes).toString('base64') },
        { SAMLResponse: text },
        { xml: text },
        { xml: Buffer.from(bytes).toString('latin1') },
        { SAMLResponse: undefined } as never,
      ])
        expect(verifySamlResponse(input, expected).valid).toBe(false);
    }),
  );
});
