import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AuthnRequest } from './authn-request.js';
import { effectiveConfiguration } from './layers.js';
import { NAME_ID_FORMATS } from './names.js';
import { checkWishes, type Granted } from './request-wishes.js';
import { SamlError } from './saml-error.js';
import type { SamlSettings } from './settings.js';

type Wishes = Pick<AuthnRequest, 'nameIDPolicy' | 'subject' | 'requestedAuthnContext'>;

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
const PASSWORD = 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password';
const X509 = 'urn:oasis:names:tc:SAML:2.0:ac:classes:X509';
const granted: Granted = {
  nameID: { value: 'alice', format: NAME_ID_FORMATS.emailAddress },
  authnContextClassRef: PASSWORD,
};
const STRICT: SamlSettings = { strictNameIDPolicy: true, strictRequestedAuthnContext: true };

interface Rules {
  readonly settings?: SamlSettings;
  readonly subjectMustMatch?: boolean;
}
/** The error, or `null` where all is granted. */
function refusal(wishes: Wishes | null, { settings = STRICT, subjectMustMatch = true }: Rules = {}) {
  const configuration = effectiveConfiguration({ transaction: { settings, attributes: [] } });
  try {
    checkWishes({ request: wishes && { ...request, ...wishes }, configuration, subjectMustMatch }, granted);
    return null;
  } catch (error) {
    if (error instanceof SamlError) return error;
    throw error;
  }
}
const classes = (comparison: string, ...classRefs: string[]): Wishes => ({
  requestedAuthnContext: { comparison, classRefs },
});

for (const [what, wishes] of [
  ['no request', null],
  ['no wishes', {}],
  ['a policy without a format', { nameIDPolicy: { allowCreate: true } }],
  ['the unspecified format', { nameIDPolicy: { format: NAME_ID_FORMATS.unspecified } }],
  ['the format that is issued', { nameIDPolicy: { format: NAME_ID_FORMATS.emailAddress } }],
  ['the subject', { subject: { nameId: 'alice' } }],
  [
    'the subject, of an unspecified format',
    { subject: { nameId: 'alice', format: NAME_ID_FORMATS.unspecified } },
  ],
  ['the subject, of its format', { subject: { nameId: 'alice', format: NAME_ID_FORMATS.emailAddress } }],
  ['the class that is issued, among others', classes('exact', X509, PASSWORD)],
  ['a weaker class at least', classes('minimum', PASSWORD)],
  ['a context without classes', classes('exact')],
] as const satisfies readonly (readonly [string, Wishes | null])[])
  test(`${what}: granted, however strict the settings`, () => {
    expect(refusal(wishes)).toBeNull();
  });

test('another format than the one that is issued is refused under strictNameIDPolicy', () => {
  const wishes = { nameIDPolicy: { format: NAME_ID_FORMATS.persistent } };
  const error = refusal(wishes, { settings: { strictNameIDPolicy: true } });
  expect(error?.code).toBe('saml_name_id_policy');
  for (const words of [
    NAME_ID_FORMATS.persistent,
    NAME_ID_FORMATS.emailAddress,
    'set nameIdentifierFormat',
    'unset strictNameIDPolicy',
  ])
    expect(error?.description).toContain(words);
  expect(refusal(wishes, { settings: { strictRequestedAuthnContext: true } })).toBeNull();
});

test('another class than was asked for is refused under strictRequestedAuthnContext', () => {
  const error = refusal(classes('exact', X509), { settings: { strictRequestedAuthnContext: true } });
  expect(error?.code).toBe('saml_no_authn_context');
  for (const words of [X509, PASSWORD, 'set authnContextClassRef', 'unset strictRequestedAuthnContext'])
    expect(error?.description).toContain(words);
  expect(refusal(classes('exact', X509), { settings: { strictNameIDPolicy: true } })).toBeNull();
});

test.each([
  ['minimum', 'at least'],
  ['better', 'better than'],
])('a class too weak for %s is refused', (comparison, words) => {
  const error = refusal(classes(comparison, X509));
  expect(error?.code).toBe('saml_no_authn_context');
  expect(error?.description).toContain(words);
});

test('of many classes the message names the first five', () => {
  const error = refusal(classes('exact', ...Array.from({ length: 900 }, (_, index) => `urn:${index}`)));
  expect(error?.description).toContain('"urn:4", …');
  expect(error?.description).not.toContain('urn:5');
});

test('a class too strong for maximum is refused', () => {
  const error = refusal(classes('maximum', 'urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified'));
  expect(error?.description).toContain('at most');
});

test('a declaration is never stated, so a request for one is refused, whatever the Comparison', () => {
  for (const comparison of ['exact', 'minimum', 'maximum', 'better']) {
    const error = refusal({ requestedAuthnContext: { comparison, classRefs: [], declRefs: [PASSWORD] } });
    expect(error?.code).toBe('saml_no_authn_context');
    expect(error?.description).toContain('AuthnContextClassRef');
  }
});

test('another subject is refused where it must match, and the message names both', () => {
  const error = refusal({ subject: { nameId: 'bob' } }, { settings: {} });
  expect(error?.code).toBe('saml_unknown_principal');
  expect(error?.description).toContain('"bob"');
  expect(error?.description).toContain('"alice"');
});

test('the subject in another format is refused, and the message names both formats', () => {
  const error = refusal({ subject: { nameId: 'alice', format: NAME_ID_FORMATS.persistent } });
  expect(error?.code).toBe('saml_unknown_principal');
  expect(error?.description).toContain(NAME_ID_FORMATS.persistent);
  expect(error?.description).toContain(NAME_ID_FORMATS.emailAddress);
});

test('a subject is compared character for character', () => {
  for (const nameId of ['Alice', ' alice', 'alice\n', 'alic\u0435'])
    expect(refusal({ subject: { nameId } })?.code).toBe('saml_unknown_principal');
});

test('where it need not match, another subject is granted', () => {
  expect(refusal({ subject: { nameId: 'bob' } }, { subjectMustMatch: false })).toBeNull();
});

const format = fc.option(fc.oneof(fc.constantFrom(...Object.values(NAME_ID_FORMATS)), fc.string()), {
  nil: undefined,
});
const refs = fc.array(fc.oneof(fc.constantFrom(PASSWORD, X509), fc.string({ maxLength: 300 })), {
  maxLength: 4,
});
const anyWishes: fc.Arbitrary<Wishes> = fc.record(
  {
    nameIDPolicy: fc.record({ format }),
    subject: fc.record({ nameId: fc.oneof(fc.constant('alice'), fc.string()), format }),
    requestedAuthnContext: fc.record({
      comparison: fc.constantFrom('exact', 'minimum', 'maximum', 'better'),
      classRefs: refs,
      declRefs: fc.option(refs, { nil: undefined }),
    }),
  },
  { requiredKeys: [] },
);

test('whatever is wished: lenient settings grant it, strict ones grant it or refuse it by a name of their own', () => {
  fc.assert(
    fc.property(anyWishes, (wishes) => {
      expect(refusal(wishes, { settings: {}, subjectMustMatch: false })).toBeNull();
      const codes = [
        refusal(wishes, { settings: { strictNameIDPolicy: true }, subjectMustMatch: false })?.code,
        refusal(wishes, { settings: {}, subjectMustMatch: true })?.code,
        refusal(wishes, { settings: { strictRequestedAuthnContext: true }, subjectMustMatch: false })?.code,
      ];
      expect([undefined, 'saml_name_id_policy']).toContain(codes[0]);
      expect([undefined, 'saml_unknown_principal']).toContain(codes[1]);
      expect([undefined, 'saml_no_authn_context']).toContain(codes[2]);
      const all = refusal(wishes);
      expect(all?.code).toBe(codes.find((code) => code !== undefined));
      expect(all?.description.length ?? 0).toBeLessThan(2500);
    }),
  );
});
