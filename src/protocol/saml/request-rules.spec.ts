import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AuthnRequest } from './authn-request.js';
import { acsUrlOf, checkRequest, type RequestRules } from './request-rules.js';
import { SamlError } from './saml-error.js';

const request: AuthnRequest = {
  version: '2.0',
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

test('a response is posted by a form, so an app with a scheme of its own is no ACS', () => {
  const app = 'com.example.app:/callback';
  expect(acsUrlOf(undefined, [app, acs])).toBe(acs);
  expect(refusal({}, { callbacks: [app] }).code).toBe('saml_acs_not_allowed');
  expect(refusal({ assertionConsumerServiceURL: app }, { callbacks: [acs, app] }).code).toBe(
    'saml_acs_not_allowed',
  );
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
  expect(error.description).toContain('none is imported');
});

const assertionConsumers = [
  { index: 0, location: acs },
  { index: 7, location: other },
  { index: 7, location: 'https://sp.example.com/never' },
  { index: 8, location: 'https://sp.example.com/unlisted' },
];

test('an index means what the metadata of the SP says, the first of that index', () => {
  for (const [index, acsUrl] of [
    [0, acs],
    [7, other],
  ] as const) {
    const wish = { ...request, assertionConsumerServiceIndex: index };
    expect(checkRequest(wish, { callbacks: [acs, other], assertionConsumers })).toEqual({ acsUrl });
    expect(acsUrlOf(wish, [acs, other], assertionConsumers)).toBe(acsUrl);
  }
});

test('an index that the metadata does not have is refused, and the first callback hears of it', () => {
  const wish = { assertionConsumerServiceIndex: 9 };
  const error = refusal(wish, { assertionConsumers });
  expect(error.code).toBe('saml_request_invalid');
  expect(error.description).toContain('(0, 7, 7, 8)');
  expect(acsUrlOf(wish, [acs, other], assertionConsumers)).toBe(acs);
});

test('an index that means no callback of the client is refused, and nobody hears of it', () => {
  const wish = { assertionConsumerServiceIndex: 8 };
  const error = refusal(wish, { assertionConsumers });
  expect(error.code).toBe('saml_acs_not_allowed');
  expect(error.description).toContain('AssertionConsumerServiceIndex 8');
  expect(error.description).toContain('https://sp.example.com/unlisted');
  expect(error.description).toContain('add it to the client’s callbacks');
});

test('metadata alone grants nothing: a URL in it must be listed too', () => {
  const error = refusal(
    { assertionConsumerServiceURL: 'https://sp.example.com/unlisted' },
    { assertionConsumers },
  );
  expect(error.code).toBe('saml_acs_not_allowed');
});

test('an index excludes a URL and a binding, though it be known', () => {
  const rules = { assertionConsumers };
  for (const more of [{ assertionConsumerServiceURL: acs }, { protocolBinding: 'urn:x' }])
    for (const index of [0, 9]) {
      const error = refusal({ assertionConsumerServiceIndex: index, ...more }, rules);
      expect(error.code).toBe('saml_request_invalid');
      expect(error.description).toContain('beside');
    }
});

for (const [version, direction] of [
  ['1.1', 'too low'],
  ['2.1', 'too high'],
  ['3.0', 'too high'],
  ['02.0', 'unreadable'],
  [' 2.0', 'unreadable'],
  ['', 'unreadable'],
] as const)
  test(`Version ${JSON.stringify(version)} is ${direction}`, () => {
    const error = refusal({ version });
    expect(error.code).toBe('saml_request_version');
    expect(error.description).toBe(
      `the AuthnRequest has Version ${JSON.stringify(version)}, which is ${direction}: only "2.0" is spoken here`,
    );
  });

test('another Version is refused once there is an address for it, and before any other fault', () => {
  const version = '1.1';
  expect(refusal({ version, assertionConsumerServiceURL: 'https://evil.example' }).code).toBe(
    'saml_acs_not_allowed',
  );
  expect(refusal({ version, protocolBinding: 'urn:x' }).code).toBe('saml_request_version');
  expect(refusal({ version, assertionConsumerServiceIndex: 9 }).code).toBe('saml_request_version');
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

test('whatever is asked, an answer goes to a listed callback or nowhere, and every other refusal has an address', () => {
  const url = fc.constantFrom(acs, other, `${acs}/`, 'https://evil.example/acs', '');
  const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
  fc.assert(
    fc.property(
      fc.record({
        version: fc.constantFrom('2.0', '2.0', '1.1'),
        assertionConsumerServiceURL: optional(url),
        assertionConsumerServiceIndex: optional(fc.nat(3)),
        protocolBinding: optional(fc.constantFrom('urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST', 'urn:x')),
        destination: optional(fc.constantFrom('https://idp.example.com/samlp', 'urn:x')),
      }),
      fc.record({
        callbacks: fc.array(fc.constantFrom(acs, other)),
        assertionConsumers: optional(fc.array(fc.record({ index: fc.nat(3), location: url }))),
        endpoints: optional(fc.constant(['https://idp.example.com/samlp'])),
        requestSigned: fc.boolean(),
      }),
      (more, rules) => {
        const asked = { ...request, ...more };
        const address = (): string => acsUrlOf(asked, rules.callbacks, rules.assertionConsumers);
        try {
          const { acsUrl } = checkRequest(asked, rules);
          expect(rules.callbacks).toContain(acsUrl);
          expect(address()).toBe(acsUrl);
        } catch (error) {
          if (!(error instanceof SamlError)) throw error;
          if (error.code === 'saml_acs_not_allowed') expect(address).toThrow(SamlError);
          else expect(rules.callbacks).toContain(address());
        }
      },
    ),
    { numRuns: 1000 },
  );
});
