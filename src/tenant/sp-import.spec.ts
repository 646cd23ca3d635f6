import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readSpMetadata, type SpMetadata } from '../protocol/saml/sp-metadata.js';
import type { Client } from './client.js';
import { clientOfMetadata, clientWithMetadata } from './sp-import.js';

const key = (name: string): string =>
  readFileSync(new URL(`../../test/keys/saml-${name}.crt.pem`, import.meta.url), 'utf8');
const circumstances = { now: new Date('2030-01-01T00:00:00Z'), minimumRsaBits: 1024 };
const made = (metadata: SpMetadata, minimumRsaBits = 1024) =>
  clientOfMetadata(metadata, {}, { ...circumstances, minimumRsaBits, clientId: 'sp', clientSecret: 's' });
const base: SpMetadata = {
  entityId: 'https://sp.example.test',
  assertionConsumers: [{ location: 'https://sp.example.test/acs', index: 0 }],
  signingCertificates: [],
  encryptionCertificates: [],
  encryptionMethods: [],
  singleLogout: [],
  nameIDFormats: [],
  authnRequestsSigned: false,
  wantAssertionsSigned: false,
  ignored: [],
};
const samlpOf = ({ addons }: Client) => addons.samlp!;

test('of more ACS URLs than a client may have the first are taken, and the others are said to be ignored', () => {
  const metadata = {
    ...base,
    assertionConsumers: Array.from({ length: 105 }, (_, index) => ({
      location: `https://sp.example.test/acs/${index}`,
      index,
    })),
  };
  const { client, ignored } = made(metadata);
  expect(client.callbacks).toHaveLength(100);
  expect(ignored).toHaveLength(5);
  const byHand = {
    ...client,
    callbacks: [...client.callbacks.slice(0, 98), 'https://a.test/', 'https://b.test/'],
  };
  const again = clientWithMetadata(byHand, metadata, {}, circumstances);
  expect(again.client.callbacks).toHaveLength(100);
  expect(again.client.callbacks.slice(-2)).toEqual(['https://a.test/', 'https://b.test/']);
  expect(again.ignored).toHaveLength(7);
});

test('a name that is cut short holds no half of a character', () => {
  const { client } = made({ ...base, entityId: `urn:${'a'.repeat(251)}😀` });
  expect(client.name).toBe(`urn:${'a'.repeat(251)}`);
});

test('one ACS URL under two indexes is one callback', () => {
  const location = 'https://sp.example.test/acs';
  const { client } = made({
    ...base,
    assertionConsumers: [
      { location, index: 3 },
      { location, index: 4 },
    ],
  });
  expect(client.callbacks).toEqual([location]);
  expect(samlpOf(client).assertionConsumers).toHaveLength(2);
});

test('of several signing certificates requests are verified with one that is valid now', () => {
  const { client, taken } = made({
    ...base,
    signingCertificates: [key('sp'), key('other')],
    authnRequestsSigned: true,
  });
  expect(samlpOf(client).spCertificates).toEqual([key('sp'), key('other')]);
  expect(samlpOf(client).signingCert).toBe(key('sp'));
  expect(taken.at(-1)).toMatch(
    /^AuthnRequestsSigned="true" → addons\.samlp\.signingCert, the certificate [0-9a-f]{64}$/,
  );
});

test('a response that is signed instead of its assertion is not what WantAssertionsSigned wants', () => {
  const { client } = made(base);
  const signsResponse = { ...client, addons: { samlp: { ...samlpOf(client), signResponse: true } } };
  const wanting = { ...base, wantAssertionsSigned: true };
  expect(clientWithMetadata(signsResponse, wanting, {}, circumstances).ignored.join()).toContain('signBoth');
  expect(made(wanting)).toMatchObject({ ignored: [] });
});

test('block ciphers that are not known leave the default, and are named', () => {
  const { client, ignored } = made({
    ...base,
    encryptionCertificates: [key('sp')],
    encryptionMethods: ['http://www.w3.org/2009/xmlenc11#aes128-gcm'],
  });
  expect(samlpOf(client)).not.toHaveProperty('encryptionAlgorithm');
  expect(ignored.join()).toContain('xmlenc11#aes128-gcm');
});

test('a response location is where answers go, until the metadata has none', () => {
  const singleLogout = [
    {
      binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect',
      location: 'https://sp.example.test/slo',
      responseLocation: 'https://sp.example.test/slo-done',
    },
  ];
  const { client } = made({ ...base, singleLogout });
  expect(samlpOf(client).logout).toEqual({
    callback: 'https://sp.example.test/slo',
    responseCallback: 'https://sp.example.test/slo-done',
  });
  const { responseLocation: _, ...without } = singleLogout[0]!;
  const again = clientWithMetadata(client, { ...base, singleLogout: [without] }, {}, circumstances);
  expect(samlpOf(again.client).logout).toEqual({ callback: 'https://sp.example.test/slo' });
  // said nothing of, it stays
  expect(samlpOf(clientWithMetadata(client, base, {}, circumstances).client).logout).toEqual(
    samlpOf(client).logout,
  );
});

test('a key that the tenant finds too short refuses the import', () => {
  const metadata = { ...base, signingCertificates: [key('sp')], authnRequestsSigned: true };
  expect(() => made(metadata, 4096)).toThrow(
    expect.objectContaining({ code: 'saml_key_too_short' }) as Error,
  );
});

test('an index that is missing, no number, or taken gets the lowest that is free', () => {
  const service = (location: string, index: string): string =>
    `<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${location}" ${index}/>`;
  const { assertionConsumers, ignored } = readSpMetadata(
    `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="x"><SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${[
      service('https://a.test/', 'index="0"'),
      service('https://b.test/', ''),
      service('https://c.test/', 'index="-1"'),
      service('https://d.test/', 'index="0"'),
      service('https://e.test/', 'index="2"'),
    ].join('')}</SPSSODescriptor></EntityDescriptor>`,
  );
  expect(assertionConsumers.map(({ index }) => index)).toEqual([0, 1, 3, 4, 2]);
  expect(ignored).toHaveLength(2);
});
