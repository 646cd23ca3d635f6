import { expect, test } from 'vitest';
import {
  assertionXml,
  encrypted,
  good,
  responseXml,
  signed,
  SUCCESS,
} from '../../../test/saml/foreign-response.js';
import { SamlError } from './saml-error.js';
import { summariseResponse } from './summary.js';

const basic = 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic';

test('a signed assertion is summarised', () => {
  expect(summariseResponse(good.A())).toEqual({
    issuer: 'urn:idp',
    destination: 'https://sp.example.com/acs',
    recipient: 'https://sp.example.com/acs',
    audience: 'https://sp.example.com',
    audiences: ['https://sp.example.com'],
    inResponseTo: '_request',
    status: { code: 'urn:oasis:names:tc:SAML:2.0:status:Success' },
    nameId: { value: 'alice', format: 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified' },
    conditions: { notBefore: '2030-01-31T12:00:00Z', notOnOrAfter: '2030-01-31T13:00:00Z' },
    authnInstant: '2030-01-31T11:59:00Z',
    authnContextClassRef: 'urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified',
    sessionIndex: '_session',
    attributes: [
      {
        name: 'email',
        nameFormat: basic,
        type: 'xs:string',
        values: ['alice@example.com'],
        types: ['xs:string'],
      },
    ],
    encrypted: false,
    signed: { response: false, assertion: true },
  });
});

test('what is encrypted is null, until the decrypted assertion is given', () => {
  const assertion = signed(assertionXml(), 'Assertion');
  const xml = responseXml(SUCCESS + encrypted(assertion));
  expect(summariseResponse(xml)).toMatchObject({
    encrypted: true,
    nameId: { value: null, format: null },
    audience: null,
    audiences: [],
    attributes: [],
    signed: { response: false, assertion: false },
  });
  expect(summariseResponse(xml, assertion)).toMatchObject({
    encrypted: true,
    nameId: { value: 'alice' },
    audience: 'https://sp.example.com',
    signed: { response: false, assertion: true },
  });
});

test('an error Response has a status and little else', () => {
  const status =
    '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder">' +
    '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"/></samlp:StatusCode>' +
    '<samlp:StatusMessage>not today</samlp:StatusMessage></samlp:Status>';
  expect(summariseResponse(signed(responseXml(status), 'Response'))).toMatchObject({
    status: {
      code: 'urn:oasis:names:tc:SAML:2.0:status:Responder',
      subCode: 'urn:oasis:names:tc:SAML:2.0:status:AuthnFailed',
      message: 'not today',
    },
    nameId: { value: null },
    sessionIndex: null,
    signed: { response: true, assertion: false },
  });
});

test('values come in order, with their types, empty and nil told apart', () => {
  const xml = responseXml(SUCCESS + assertionXml()).replace(
    /<saml:AttributeValue .*<\/saml:AttributeValue>/,
    '<saml:AttributeValue xsi:type="xs:double">1.5</saml:AttributeValue><saml:AttributeValue xsi:type="xs:string"/>' +
      '<saml:AttributeValue xsi:nil="true"/><saml:AttributeValue>a<!-- b -->&#13;&#x2028;</saml:AttributeValue>',
  );
  expect(summariseResponse(xml).attributes[0]).toMatchObject({
    type: null,
    values: ['1.5', '', null, 'a\r\u2028'],
    types: ['xs:double', 'xs:string', null, null],
  });
});

test('SessionNotOnOrAfter and several audiences are shown', () => {
  const xml = good
    .A()
    .replace('SessionIndex=', 'SessionNotOnOrAfter="2030-02-01T00:00:00Z" SessionIndex=')
    .replace('</saml:Audience>', '</saml:Audience><saml:Audience>urn:b</saml:Audience>');
  expect(summariseResponse(xml)).toMatchObject({
    sessionNotOnOrAfter: '2030-02-01T00:00:00Z',
    audience: 'https://sp.example.com',
    audiences: ['https://sp.example.com', 'urn:b'],
  });
});

test('what is not XML is refused', () => {
  expect(() => summariseResponse('<!DOCTYPE a><a/>')).toThrow(SamlError);
  expect(() => summariseResponse('<a>')).toThrow(SamlError);
});
