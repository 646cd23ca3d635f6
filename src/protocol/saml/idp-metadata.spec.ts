import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { judgedBy, xmllint } from '../../../test/support/judges.js';
import { schemaErrors } from '../../../test/support/oasis.js';
import { writeIdpMetadata } from './idp-metadata.js';
import { der } from './key-pairs.js';

/** Its types bring those of a browser along, which would change what `Node` means everywhere. */
const samlify = createRequire(import.meta.url)('samlify') as {
  readonly IdPMetadata: (xml: string) => {
    getEntityID: () => string;
    getSingleSignOnService: (binding: string) => string;
    getX509Certificate: (use: string) => string[];
    isWantAuthnRequestsSigned: () => boolean;
  };
};

const certificate = (name: string): string =>
  der(new X509Certificate(readFileSync(new URL(`../../../test/keys/saml-${name}.crt.pem`, import.meta.url))));
const metadata = {
  entityId: 'urn:auth0:mintmark',
  certificates: [certificate('idp'), certificate('other')],
  singleSignOnUrl: 'https://idp.example.test/samlp/app?a=1&b=2',
  wantAuthnRequestsSigned: true,
};

judgedBy(xmllint)('the metadata is valid against the OASIS schema, with single logout and without', () => {
  expect(schemaErrors(writeIdpMetadata(metadata), 'metadata')).toBe('');
  expect(
    schemaErrors(
      writeIdpMetadata({ ...metadata, singleLogoutUrl: 'https://idp.example.test/samlp/app/logout' }),
      'metadata',
    ),
  ).toBe('');
});

test('samlify reads the entity ID, both endpoints and both certificates from it', () => {
  const read = samlify.IdPMetadata(writeIdpMetadata(metadata));
  expect(read.getEntityID()).toBe(metadata.entityId);
  expect(read.getSingleSignOnService('redirect')).toBe(metadata.singleSignOnUrl);
  expect(read.getSingleSignOnService('post')).toBe(metadata.singleSignOnUrl);
  expect(read.getX509Certificate('signing')).toEqual(metadata.certificates);
  expect(read.isWantAuthnRequestsSigned()).toBe(true);
});

test('without single logout no endpoint for it is promised', () => {
  expect(writeIdpMetadata(metadata)).not.toContain('SingleLogoutService');
  expect(writeIdpMetadata({ ...metadata, wantAuthnRequestsSigned: false })).toContain(
    'WantAuthnRequestsSigned="false"',
  );
});

test('no text of the caller becomes markup', () => {
  const xml = writeIdpMetadata({ ...metadata, entityId: 'urn:"><x a="' });
  expect(xml).toContain('entityID="urn:&quot;>&lt;x a=&quot;"');
});
