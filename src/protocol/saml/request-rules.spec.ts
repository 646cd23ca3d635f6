import { expect, test } from 'vitest';
import type { AuthnRequest } from './authn-request.js';
import { acsUrlOf, checkRequest, type RequestRules } from './request-rules.js';
import { SamlError } from './saml-error.js';

const request: AuthnRequest = {
  id: '_r1',
  issuer: 'https://sp.example.com',
  issueInstant: '2030-01-31T12:00:00Z',
  forceAuthn: false,
  isPassive: false,
  signed: false,
  xml: '<samlp:AuthnRequest/>',
};
const acs = 'https://sp.example.com/acs';
const other = 'https://sp.example.com/acs2';

function refusal(more: Partial<AuthnRequest>, rules: Partial<RequestRules> = {}): SamlError {
  try {
    checkRequest({ ...request, ...more }, { callbacks: [acs, other], ...rules });
  } catch (error) {
    if (error instanceof SamlError) return error;
    throw error;
  }
  throw new Error('it was granted');
}

test('without a wish the first callback is the ACS', () => {
  expect(checkRequest(request, { callbacks: [acs, other] })).toEqual({ acsUrl: acs });
  expect(acsUrlOf(undefined, [acs])).toBe(acs);
});

test('a listed ACS is granted', () => {
  expect(
    checkRequest({ ...request, assertionConsumerServiceURL: other }, { callbacks: [acs, other] }),
  ).toEqual({ acsUrl: other });
});

test('an unlisted ACS is refused, and the message says how to list it', () => {
  const error = refusal({ assertionConsumerServiceURL: 'https://evil.example/acs' });
  expect(error.code).toBe('saml_acs_not_allowed');
  expect(error.description).toContain('add it to the client’s callbacks');
});

for (const near of [
  `${acs}/`,
  'http://sp.example.com/acs',
  'https://sp.example.com:443/acs',
  'https://SP.example.com/acs',
  'https://sp.example.com/ACS',
  ` ${acs}`,
])
  test(`an ACS is compared character for character: ${JSON.stringify(near)}`, () => {
    const error = refusal({ assertionConsumerServiceURL: near });
    expect(error.code).toBe('saml_acs_not_allowed');
    expect(error.description).toContain('character for character');
  });

for (const longer of [`${acs}?a=b`, `${acs}#x`, `${acs}/more`, 'https://sp.example.com.evil.example/acs'])
  test(`an ACS that begins like a listed one is refused: ${longer}`, () => {
    expect(refusal({ assertionConsumerServiceURL: longer }).code).toBe('saml_acs_not_allowed');
  });

test('a client without callbacks is told so', () => {
  const error = refusal({}, { callbacks: [] });
  expect(error.code).toBe('saml_acs_not_allowed');
  expect(error.description).toContain('no callbacks');
});

test('an index is refused without metadata', () => {
  const error = refusal({ assertionConsumerServiceIndex: 0 });
  expect(error.code).toBe('saml_request_invalid');
  expect(error.description).toContain('metadata');
});

test('an index excludes a URL and a binding', () => {
  expect(
    refusal({ assertionConsumerServiceIndex: 0, assertionConsumerServiceURL: acs }).description,
  ).toContain('beside');
  expect(refusal({ assertionConsumerServiceIndex: 0, protocolBinding: 'urn:x' }).description).toContain(
    'beside',
  );
});

test('HTTP-POST is granted, every other binding refused', () => {
  const binding = (name: string) => `urn:oasis:names:tc:SAML:2.0:bindings:${name}`;
  expect(
    checkRequest({ ...request, protocolBinding: binding('HTTP-POST') }, { callbacks: [acs] }).acsUrl,
  ).toBe(acs);
  for (const name of ['HTTP-Redirect', 'HTTP-Artifact', 'PAOS'])
    expect(refusal({ protocolBinding: binding(name) }).code).toBe('saml_request_binding');
});

test('an unlisted ACS comes before every other fault, since the others are answered to the ACS', () => {
  const error = refusal({ assertionConsumerServiceURL: 'https://evil.example', protocolBinding: 'urn:x' });
  expect(error.code).toBe('saml_acs_not_allowed');
});

test('a Destination must be one of our endpoints, where we know them', () => {
  const destination = 'https://idp.example.com/samlp/abc';
  const endpoints = [destination];
  expect(checkRequest({ ...request, destination }, { callbacks: [acs], endpoints }).acsUrl).toBe(acs);
  expect(checkRequest({ ...request, destination }, { callbacks: [acs] }).acsUrl).toBe(acs);
  const error = refusal({ destination: `${destination}/` }, { endpoints });
  expect(error.code).toBe('saml_request_invalid');
  expect(error.description).toContain(destination);
});

test('a signed request needs a Destination', () => {
  expect(refusal({}, { requestSigned: true }).description).toContain('no Destination');
});
