import { expect, test } from 'vitest';
import type { SamlSettings } from '../../src/protocol/saml/settings.js';
import { judgedBy, xmllint } from '../support/judges.js';
import { issue, NOW, type Login } from '../support/login-context.js';
import { schemaErrors } from '../support/oasis.js';
import { samlFailure } from '../support/saml-failure.js';
import { partsOf } from '../support/wire.js';

const times = (settings: SamlSettings, context: Login['context'] = {}) => {
  const parts = partsOf(issue({ settings, context }).xml);
  return {
    response: parts.get('/Response/@IssueInstant'),
    assertion: parts.get('/Response/Assertion/@IssueInstant'),
    notBefore: parts.get('/Response/Assertion/Conditions/@NotBefore'),
    notOnOrAfter: parts.get('/Response/Assertion/Conditions/@NotOnOrAfter'),
    confirmedUntil: parts.get(
      '/Response/Assertion/Subject/SubjectConfirmation/SubjectConfirmationData/@NotOnOrAfter',
    ),
    confirmedFrom: parts.get(
      '/Response/Assertion/Subject/SubjectConfirmation/SubjectConfirmationData/@NotBefore',
    ),
    authnInstant: parts.get('/Response/Assertion/AuthnStatement/@AuthnInstant'),
    sessionUntil: parts.get('/Response/Assertion/AuthnStatement/@SessionNotOnOrAfter'),
  };
};
const at = NOW.toISOString();

test.each([
  [3600, '2026-11-21T11:00:00.000Z'],
  [1, '2026-11-21T10:00:01.000Z'],
  [0, '2026-11-21T10:00:00.000Z'],
  [-60, '2026-11-21T09:59:00.000Z'],
  [1.5, '2026-11-21T10:00:01.500Z'],
  [0.0004, '2026-11-21T10:00:00.000Z'],
  [0.0006, '2026-11-21T10:00:00.001Z'],
  [86_400 * 365, '2027-11-21T10:00:00.000Z'],
])('6: a lifetime of %d seconds ends at %s, and nothing else moves', (lifetimeInSeconds, until) => {
  expect(times({ lifetimeInSeconds })).toEqual({
    response: at,
    assertion: at,
    notBefore: at,
    notOnOrAfter: until,
    confirmedUntil: until,
    confirmedFrom: undefined,
    authnInstant: at,
    sessionUntil: undefined,
  });
});

test('6: the default lifetime is an hour', () => {
  expect(times({}).notOnOrAfter).toBe('2026-11-21T11:00:00.000Z');
});

test.each([
  [0, true],
  [-60, true],
  [0.001, false],
  [3600, false],
])('6: a lifetime of %d is flagged: %s', (lifetimeInSeconds, flagged) => {
  const codes = issue({ settings: { lifetimeInSeconds } }).warnings.map(({ code }) => code);
  expect(codes.includes('lifetime_not_positive')).toBe(flagged);
});

test('6: the clock is the caller’s, to the millisecond', () => {
  const now = new Date('2024-02-29T23:59:59.999Z');
  const found = times({ lifetimeInSeconds: 1 }, { now, authenticatedAt: now });
  expect(found.assertion).toBe('2024-02-29T23:59:59.999Z');
  expect(found.notOnOrAfter).toBe('2024-03-01T00:00:00.999Z');
});

test('6: NotBefore is back-dated by so many seconds, and nothing else with it', () => {
  expect(times({ notBeforeSkewInSeconds: 180 })).toEqual({
    ...times({}),
    notBefore: '2026-11-21T09:57:00.000Z',
  });
});

test('6: AuthnInstant is when the user authenticated, which may be long ago', () => {
  const authenticatedAt = new Date('2026-11-20T08:00:00.000Z');
  expect(times({}, { authenticatedAt })).toEqual({ ...times({}), authnInstant: '2026-11-20T08:00:00.000Z' });
});

test('6: SessionNotOnOrAfter counts from the authentication, and is left out unless asked for', () => {
  const authenticatedAt = new Date('2026-11-21T08:00:00.000Z');
  expect(times({ sessionLifetimeInSeconds: 28_800 }, { authenticatedAt }).sessionUntil).toBe(
    '2026-11-21T16:00:00.000Z',
  );
  expect(times({ sessionLifetimeInSeconds: 0 }, { authenticatedAt }).sessionUntil).toBe(
    '2026-11-21T08:00:00.000Z',
  );
});

judgedBy(xmllint)('6: the farthest instants that can be said are valid xs:dateTime', () => {
  const seconds = (instant: string): number => (Date.parse(instant) - NOW.getTime()) / 1000;
  for (const far of ['0001-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z']) {
    const { xml } = issue({ settings: { lifetimeInSeconds: seconds(far) } });
    expect(xml).toContain(`NotOnOrAfter="${far}"`);
    expect(schemaErrors(xml)).toBe('');
  }
});

test.each([1e300, -1e300, Number.MAX_VALUE, 1e12, -1e11, Number.NaN, Infinity])(
  '6: a lifetime of %d leads outside the years 1 to 9999 and is refused by its name',
  (lifetimeInSeconds) => {
    const { code, errors } = samlFailure(() => issue({ settings: { lifetimeInSeconds } }));
    expect(code).toBe('saml_setting_invalid');
    expect(errors[0]!.pointer).toBe('/samlResponse/lifetimeInSeconds');
  },
);

test('6: an absurd session lifetime is refused by its own name, the client’s at the client', () => {
  const { errors } = samlFailure(() => issue({ client: { sessionLifetimeInSeconds: 1e300 } }));
  expect(errors[0]!.pointer).toBe('/addons/samlp/sessionLifetimeInSeconds');
});
