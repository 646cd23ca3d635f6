import { expect, test } from 'vitest';
import { readAuthnRequest, type AuthnRequest } from '../../src/protocol/saml/authn-request.js';
import { NAME_ID_FORMATS } from '../../src/protocol/saml/names.js';
import { issue, type Login } from '../support/login-context.js';
import { samlFailure } from '../support/saml-failure.js';
import { partsOf } from '../support/wire.js';

const request = (wishes: string): AuthnRequest =>
  readAuthnRequest(
    '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ' +
      `ID="_r1" Version="2.0" IssueInstant="2026-11-21T09:59:58Z"><saml:Issuer>urn:sp</saml:Issuer>${wishes}</samlp:AuthnRequest>`,
  );
const X509 = 'urn:oasis:names:tc:SAML:2.0:ac:classes:X509';
const persistent = request(`<samlp:NameIDPolicy Format="${NAME_ID_FORMATS.persistent}"/>`);
const x509 = (comparison: string): AuthnRequest =>
  request(
    `<samlp:RequestedAuthnContext Comparison="${comparison}">\n  <saml:AuthnContextClassRef>\n    ${X509}\n  </saml:AuthnContextClassRef>\n</samlp:RequestedAuthnContext>`,
  );
const bob = request('<saml:Subject><saml:NameID>auth0|bob</saml:NameID></saml:Subject>');
const codes = (login: Login): string[] => issue(login).warnings.map(({ code }) => code);

test.each([
  ['strictNameIDPolicy', persistent, 'saml_name_id_policy', 'name_id_policy_ignored'],
  ['strictRequestedAuthnContext', x509('exact'), 'saml_no_authn_context', 'authn_context_differs'],
] as const)('%s refuses what is warned of without it', (setting, asked, code, warning) => {
  const context = { request: asked };
  expect(codes({ context })).toEqual([warning]);
  expect(codes({ context, settings: { [setting]: false } })).toEqual([warning]);
  expect(samlFailure(() => issue({ context, settings: { [setting]: true } })).code).toBe(code);
  expect(samlFailure(() => issue({ context, client: { [setting]: true } })).code).toBe(code);
});

test('a Subject that must match is refused where another logged in, else it is warned of', () => {
  expect(codes({ context: { request: bob } })).toEqual(['subject_differs']);
  const { code } = samlFailure(() => issue({ context: { request: bob, subjectMustMatch: true } }));
  expect(code).toBe('saml_unknown_principal');
});

test('without a request nothing is wished, however strict the settings', () => {
  const settings = { strictNameIDPolicy: true, strictRequestedAuthnContext: true };
  expect(codes({ settings, context: { subjectMustMatch: true } })).toEqual([]);
});

test('the format that is asked for, once it is configured, is issued under strictNameIDPolicy', () => {
  const { xml, warnings } = issue({
    context: { request: persistent },
    settings: { strictNameIDPolicy: true, nameIdentifierFormat: NAME_ID_FORMATS.persistent },
  });
  expect(partsOf(xml).get('/Response/Assertion/Subject/NameID/@Format')).toBe(NAME_ID_FORMATS.persistent);
  expect(warnings).toEqual([]);
});

test('echoRequestedAuthnContext satisfies a strict request, without the white space it came in', () => {
  for (const comparison of ['exact', 'minimum', 'maximum']) {
    const { xml } = issue({
      context: { request: x509(comparison) },
      settings: { strictRequestedAuthnContext: true, echoRequestedAuthnContext: true },
    });
    expect(partsOf(xml).get('/Response/Assertion/AuthnStatement/AuthnContext/AuthnContextClassRef')).toBe(
      X509,
    );
  }
  const { code } = samlFailure(() =>
    issue({
      context: { request: x509('better') },
      settings: { strictRequestedAuthnContext: true, echoRequestedAuthnContext: true },
    }),
  );
  expect(code).toBe('saml_no_authn_context');
});

test('a fault of the configuration is told before a wish that is not met', () => {
  const { code } = samlFailure(() =>
    issue({
      context: { request: persistent },
      settings: { strictNameIDPolicy: true, nameIdentifierFormat: 'no URI' },
    }),
  );
  expect(code).toBe('saml_setting_invalid');
});

test('a Subject of another format is warned of, with both formats', () => {
  const subject = request(
    `<saml:Subject><saml:NameID Format="${NAME_ID_FORMATS.emailAddress}">auth0|alice</saml:NameID></saml:Subject>`,
  );
  const settings = { nameIdentifierFormat: NAME_ID_FORMATS.persistent };
  const [warning] = issue({ settings, context: { request: subject } }).warnings;
  expect(warning?.code).toBe('subject_differs');
  expect(warning?.detail).toContain(NAME_ID_FORMATS.emailAddress);
  expect(warning?.detail).toContain(NAME_ID_FORMATS.persistent);
  // unspecified, the default, is at odds with no format
  expect(issue({ context: { request: subject } }).warnings).toEqual([]);
});

test('a declaration that is asked for is warned of', () => {
  const asked = request(
    '<samlp:RequestedAuthnContext><saml:AuthnContextDeclRef>urn:declaration</saml:AuthnContextDeclRef></samlp:RequestedAuthnContext>',
  );
  const [warning] = issue({ context: { request: asked } }).warnings;
  expect(warning).toMatchObject({ code: 'authn_context_differs' });
  expect(warning?.detail).toContain('urn:declaration');
});
