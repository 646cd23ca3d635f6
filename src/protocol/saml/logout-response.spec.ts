import { expect, test } from 'vitest';
import { judgedBy, xmllint } from '../../../test/support/judges.js';
import { schemaErrors } from '../../../test/support/oasis.js';
import { samlFailure } from '../../../test/support/saml-failure.js';
import { MESSAGES, SP } from '../../../test/support/sp-messages.js';
import { serialise } from '../xml/writer.js';
import { buildLogoutResponse, readLogoutResponse } from './logout-response.js';
import { STATUS } from './names.js';
import type { SamlStatus } from './response.js';

const build = (status: SamlStatus): string =>
  serialise(
    buildLogoutResponse({
      id: '_r',
      issuer: 'urn:idp',
      issueInstant: new Date('2026-01-01T00:00:00Z'),
      destination: 'https://sp.example.test/slo',
      inResponseTo: '_q',
      status,
    }),
  );
const STATUSES: readonly SamlStatus[] = [
  { code: STATUS.success },
  { code: STATUS.success, subCode: STATUS.partialLogout },
  { code: STATUS.requester, subCode: STATUS.requestDenied, message: 'no & <never>' },
];

test.each(STATUSES)('what is built reads back: $code $subCode $message', (status) => {
  const xml = build(status);
  expect(readLogoutResponse(xml)).toEqual({
    id: '_r',
    version: '2.0',
    issuer: 'urn:idp',
    issueInstant: '2026-01-01T00:00:00.000Z',
    destination: 'https://sp.example.test/slo',
    inResponseTo: '_q',
    status,
    signed: false,
    xml,
  });
});

judgedBy(xmllint)('what is built is valid by the schema', () => {
  expect(STATUSES.map((status) => schemaErrors(build(status)))).toEqual(['', '', '']);
});

test('a PartialLogout on top, where some put it, is read as it stands', () => {
  const xml = MESSAGES.LogoutResponse().replace(STATUS.success, STATUS.partialLogout);
  expect(readLogoutResponse(xml).status).toEqual({ code: STATUS.partialLogout });
});

test('a response that answers nothing in particular is read, and so is another Version', () => {
  const { inResponseTo, version } = readLogoutResponse(
    MESSAGES.LogoutResponse().replace('Version="2.0"', 'Version="1.1"'),
  );
  expect([inResponseTo, version]).toEqual([undefined, '1.1']);
});

test.each([
  [/<samlp:Status>.*<\/samlp:Status>/, '', 'it has no Status'],
  [/<samlp:Status>.*<\/samlp:Status>/, '$&$&', 'it has 2 elements Status'],
  [/<samlp:StatusCode.*\/>/, '', 'its Status has no StatusCode'],
  [/<samlp:StatusCode.*\/>/, '<samlp:StatusCode/>', 'its Status has no StatusCode with a Value'],
  [/<samlp:StatusCode.*\/>/, '$&$&', 'it has 2 elements StatusCode'],
  [/<saml:Issuer>.*<\/saml:Issuer>/, '', 'it has no Issuer'],
  [SP, 'https://sp<!-- -->.example', 'a comment or a processing instruction inside Issuer'],
  ['ID="_1"', 'ID="1"', 'not an XML NCName'],
  [/LogoutResponse/g, 'Response', 'where a LogoutResponse'],
])('a response with %s made %j is refused with a sentence that says why', (from, to, words) => {
  const xml = MESSAGES.LogoutResponse().replace(from, to);
  const failure = samlFailure(() => readLogoutResponse(xml));
  expect([failure.code, failure.message]).toEqual(['saml_logout_invalid', expect.stringContaining(words)]);
});
