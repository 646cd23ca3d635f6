import { expect, test } from 'vitest';
import type { AuthnRequest } from '../../src/protocol/saml/authn-request.js';
import { NAME_ID_FORMATS } from '../../src/protocol/saml/names.js';
import { judgedBy, xmllint } from '../support/judges.js';
import { ACS, issue, type Login } from '../support/login-context.js';
import { schemaErrors } from '../support/oasis.js';
import { samlFailure } from '../support/saml-failure.js';
import { partsOf } from '../support/wire.js';

const REQUEST: AuthnRequest = {
  version: '2.0',
  id: '_request-1',
  issuer: 'urn:sp:example',
  issueInstant: '2026-11-21T09:59:58Z',
  forceAuthn: false,
  isPassive: false,
  signed: false,
  xml: '<AuthnRequest/>',
};
const OTHER_ACS = 'https://sp.example.test/acs/second?a=1&b=2';

const addresses = (login: Login) => {
  const parts = partsOf(issue(login).xml);
  const confirmation = '/Response/Assertion/Subject/SubjectConfirmation/SubjectConfirmationData';
  return {
    issuers: [parts.get('/Response/Issuer'), parts.get('/Response/Assertion/Issuer')],
    audience: parts.get('/Response/Assertion/Conditions/AudienceRestriction/Audience'),
    recipient: parts.get(`${confirmation}/@Recipient`),
    destination: parts.get('/Response/@Destination'),
    inResponseTo: [parts.get('/Response/@InResponseTo'), parts.get(`${confirmation}/@InResponseTo`)],
  };
};

test('5: the SP initiates: Audience is its Issuer, Recipient and Destination its ACS URL, InResponseTo in both places', () => {
  expect(addresses({ context: { request: REQUEST, acsUrl: OTHER_ACS } })).toEqual({
    issuers: ['urn:auth0:mintmark', 'urn:auth0:mintmark'],
    audience: 'urn:sp:example',
    recipient: OTHER_ACS,
    destination: OTHER_ACS,
    inResponseTo: ['_request-1', '_request-1'],
  });
});

test('5: the IdP initiates: Audience is the client’s callback URL, and InResponseTo stands nowhere', () => {
  expect(addresses({})).toEqual({
    issuers: ['urn:auth0:mintmark', 'urn:auth0:mintmark'],
    audience: ACS,
    recipient: ACS,
    destination: ACS,
    inResponseTo: [undefined, undefined],
  });
  expect(issue().xml).not.toContain('InResponseTo');
});

test('5: settings win over the request, all but InResponseTo, for which there is no setting', () => {
  const settings = {
    audience: 'urn:a',
    recipient: 'urn:r',
    destination: 'urn:d',
    issuer: 'urn:i',
  };
  for (const request of [REQUEST, null])
    expect(addresses({ settings, context: { request } })).toEqual({
      issuers: ['urn:i', 'urn:i'],
      audience: 'urn:a',
      recipient: 'urn:r',
      destination: 'urn:d',
      inResponseTo: request ? ['_request-1', '_request-1'] : [undefined, undefined],
    });
});

test('5: the same context twice gives the same audience: nothing is kept from one response to the next', () => {
  const first = addresses({ settings: { audience: 'urn:first' } });
  expect(addresses({}).audience).toBe(ACS);
  expect(first.audience).toBe('urn:first');
});

judgedBy(xmllint)('5: both are valid against the schema', () => {
  for (const request of [REQUEST, null]) expect(schemaErrors(issue({ context: { request } }).xml)).toBe('');
});

test('5: RelayState is echoed unchanged, set or not; over 80 bytes it is warned of', () => {
  const codes = (login: Login): string[] => issue(login).warnings.map(({ code }) => code);
  const odd = 'a b&c="<é😀>\u0000';
  expect(issue({ context: { relayState: odd } }).relayState).toBe(odd);
  expect(issue({ context: { relayState: '' } }).relayState).toBe('');
  expect(codes({ context: { relayState: 'é'.repeat(40) } })).not.toContain('relay_state_long');
  expect(codes({ context: { relayState: `${'é'.repeat(40)}x` } })).toContain('relay_state_long');
});

test('5: an address that differs from the delivery is issued, and warned of', () => {
  const codes = (settings: Login['settings']): string[] =>
    issue({ settings: settings ?? {}, context: { request: REQUEST } }).warnings.map(({ code }) => code);
  expect(codes({})).toEqual([]);
  expect(codes({ destination: 'https://elsewhere.example.test/' })).toEqual(['destination_differs']);
  expect(codes({ recipient: 'https://elsewhere.example.test/' })).toEqual(['recipient_differs']);
  expect(codes({ audience: 'urn:other' })).toEqual(['audience_differs']);
  expect(codes({ audience: REQUEST.issuer })).toEqual([]);
  expect(codes({ destination: '/acs' })).toEqual(['destination_differs', 'relative_url']);
});

test('5: a NameIDPolicy that was not followed is warned of', () => {
  const codes = (format: string): string[] =>
    issue({ context: { request: { ...REQUEST, nameIDPolicy: { format } } } }).warnings.map(
      ({ code }) => code,
    );
  expect(codes(NAME_ID_FORMATS.persistent)).toEqual(['name_id_policy_ignored']);
  expect(codes(NAME_ID_FORMATS.unspecified)).toEqual([]);
});

test('5: a RequestedAuthnContext that was not met is warned of, and not one that was or cannot be judged', () => {
  const password = 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password';
  const x509 = 'urn:oasis:names:tc:SAML:2.0:ac:classes:X509';
  const codes = (settings: Login['settings'], comparison = 'exact'): string[] =>
    issue({
      settings: settings ?? {},
      context: {
        request: { ...REQUEST, requestedAuthnContext: { comparison, classRefs: [x509, password] } },
      },
    }).warnings.map(({ code }) => code);
  expect(codes({})).toEqual(['authn_context_differs']);
  expect(codes({ authnContextClassRef: password })).toEqual([]);
  expect(codes({ echoRequestedAuthnContext: true })).toEqual([]);
  expect(codes({}, 'minimum')).toEqual([]);
});

test('5: a Subject of the request that is another than the user is warned of', () => {
  const codes = (nameId: string): string[] =>
    issue({ context: { request: { ...REQUEST, subject: { nameId } } } }).warnings.map(({ code }) => code);
  expect(codes('auth0|somebody-else')).toEqual(['subject_differs']);
  expect(codes(issue().nameID.value)).toEqual([]);
});

const URIS = [
  'audience',
  'recipient',
  'destination',
  'nameIdentifierFormat',
  'authnContextClassRef',
] as const;
test.each([...URIS, 'issuer'] as const)('a blank %s is refused by its name, not sent', (name) => {
  for (const blank of ['', ' \t\n']) {
    const { code, errors } = samlFailure(() => issue({ settings: { [name]: blank } }));
    expect(code).toBe('saml_setting_invalid');
    expect(errors[0]!.pointer).toBe(`/samlResponse/${name}`);
  }
});

test.each(URIS)('%s must be a URI, since the schema says so', (name) => {
  const { code, errors } = samlFailure(() => issue({ settings: { [name]: 'not a URI' } }));
  expect(code).toBe('saml_setting_invalid');
  expect(errors[0]!.pointer).toBe(`/samlResponse/${name}`);
  expect(errors[0]!.detail).toContain('%20');
});

test('a fault of the client’s own settings is pointed at where the client keeps them', () => {
  const { errors } = samlFailure(() => issue({ client: { audience: ' ' } }));
  expect(errors[0]!.pointer).toBe('/addons/samlp/audience');
});

test('an SP whose Issuer is no URI reads its own name back', () => {
  expect(addresses({ context: { request: { ...REQUEST, issuer: 'My App' } } }).audience).toBe('My App');
});

judgedBy(xmllint)('the Issuer need not be a URI', () => {
  expect(schemaErrors(issue({ settings: { issuer: 'My IdP, 100%' } }).xml)).toBe('');
});
