import { expect, test } from 'vitest';
import { judgedBy, xmllint } from '../../../test/support/judges.js';
import { schemaErrors } from '../../../test/support/oasis.js';
import { samlFailure } from '../../../test/support/saml-failure.js';
import { MESSAGES, SP } from '../../../test/support/sp-messages.js';
import { serialise } from '../xml/writer.js';
import { buildLogoutRequest, readLogoutRequest } from './logout-request.js';

const built = serialise(
  buildLogoutRequest({
    id: '_r',
    issuer: 'urn:idp',
    issueInstant: new Date('2026-01-01T00:00:00Z'),
    destination: 'https://sp.example.test/slo?a=1&b',
    notOnOrAfter: new Date('2026-01-01T00:05:00Z'),
    nameId: { value: 'alice & <bob>', format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent' },
    sessionIndex: '_s',
  }),
);

test('what is built reads back', () => {
  expect(readLogoutRequest(built)).toEqual({
    id: '_r',
    version: '2.0',
    issuer: 'urn:idp',
    issueInstant: '2026-01-01T00:00:00.000Z',
    destination: 'https://sp.example.test/slo?a=1&b',
    notOnOrAfter: '2026-01-01T00:05:00.000Z',
    nameId: { value: 'alice & <bob>', format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent' },
    sessionIndexes: ['_s'],
    signed: false,
    xml: built,
  });
});

judgedBy(xmllint)('what is built is valid by the schema', () => {
  expect(schemaErrors(built)).toBe('');
});

test('every field of a request is read', () => {
  const xml = MESSAGES.LogoutRequest(
    '<samlp:SessionIndex>_a</samlp:SessionIndex><samlp:SessionIndex>_b</samlp:SessionIndex>',
    ' Destination="https://idp.example.test/slo" NotOnOrAfter="2026-01-01T00:05:00Z" Reason="urn:oasis:names:tc:SAML:2.0:logout:user"',
  ).replace('<saml:NameID', '<saml:NameID NameQualifier="urn:idp" SPNameQualifier="urn:sp"');
  expect(readLogoutRequest(xml)).toEqual({
    id: '_1',
    version: '2.0',
    issuer: SP,
    issueInstant: '2026-01-01T00:00:00Z',
    destination: 'https://idp.example.test/slo',
    notOnOrAfter: '2026-01-01T00:05:00Z',
    reason: 'urn:oasis:names:tc:SAML:2.0:logout:user',
    nameId: {
      value: 'alice',
      format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      nameQualifier: 'urn:idp',
      spNameQualifier: 'urn:sp',
    },
    sessionIndexes: ['_a', '_b'],
    signed: false,
    xml,
  });
});

test('what is not there is absent', () => {
  const { destination, notOnOrAfter, reason, sessionIndexes } = readLogoutRequest(MESSAGES.LogoutRequest());
  expect([destination, notOnOrAfter, reason, sessionIndexes]).toEqual([undefined, undefined, undefined, []]);
});

test('another Version is told, for the caller to judge', () => {
  const xml = MESSAGES.LogoutRequest().replace('Version="2.0"', 'Version="3.0"');
  expect(readLogoutRequest(xml).version).toBe('3.0');
});

test.each([
  ['Version="2.0"', '', 'it has no Version'],
  ['ID="_1"', '', 'it has no ID'],
  ['ID="_1"', 'ID="1 or 2"', 'not an XML NCName'],
  ['IssueInstant="2026-01-01T00:00:00Z"', '', 'it has no IssueInstant'],
  [
    'IssueInstant="2026-01-01T00:00:00Z"',
    'IssueInstant="yesterday"',
    'IssueInstant "yesterday" is not a UTC',
  ],
  ['Version="2.0"', 'Version="2.0" NotOnOrAfter="2026-13-01T00:00:00Z"', 'its NotOnOrAfter'],
  [/<saml:Issuer>.*<\/saml:Issuer>/, '', 'it has no Issuer'],
  [SP, ' ', 'Issuer is blank'],
  [SP, 'https://sp<!-- -->.example', 'a comment or a processing instruction inside Issuer'],
  [SP, `<a/>${SP}`, 'an element inside Issuer'],
  [/<saml:NameID.*<\/saml:NameID>/, '', 'it has no NameID'],
  [/<saml:NameID.*<\/saml:NameID>/, '<saml:EncryptedID/>', 'it names the user by EncryptedID'],
  [/<saml:NameID.*<\/saml:NameID>/, '<saml:BaseID/>', 'it names the user by BaseID'],
  [/<saml:NameID.*<\/saml:NameID>/, '$&$&', 'it has 2 elements NameID'],
  ['alice', 'ali<?a?>ce', 'a comment or a processing instruction inside NameID'],
  ['</saml:NameID>', '</saml:NameID><samlp:SessionIndex/>', 'SessionIndex is blank'],
  ['</saml:NameID>', '</saml:NameID><a ID="_1"/>', 'two of its elements have the ID'],
  [/LogoutRequest/g, 'AuthnRequest', 'where a LogoutRequest'],
  ['2.0:protocol"', '1.0:protocol"', 'where a LogoutRequest'],
])('a request with %s made %j is refused with a sentence that says why', (from, to, words) => {
  const xml = MESSAGES.LogoutRequest().replace(from, to);
  const failure = samlFailure(() => readLogoutRequest(xml));
  expect([failure.code, failure.message]).toEqual(['saml_logout_invalid', expect.stringContaining(words)]);
});
