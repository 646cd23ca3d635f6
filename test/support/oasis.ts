/** Runs Debian's xmllint with the OASIS schemas, and xmlsec1, over documents of ours. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCHEMA_FOLDERS } from './judges.js';

/** Imports of the schemas name their locations on the web; a catalog points at Debian's copies. */
const CATALOG = `<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
${[
  [
    'http://www.w3.org/TR/xmldsig-core/xmldsig-core-schema.xsd',
    `${SCHEMA_FOLDERS[1]}/xmldsig-core-schema.xsd`,
  ],
  [
    'http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/xmldsig-core-schema.xsd',
    `${SCHEMA_FOLDERS[1]}/xmldsig-core-schema.xsd`,
  ],
  [
    'http://www.w3.org/TR/2002/REC-xmlenc-core-20021210/xenc-schema.xsd',
    `${SCHEMA_FOLDERS[1]}/xenc-schema.xsd`,
  ],
  ['http://www.w3.org/TR/xmlenc-core/xenc-schema.xsd', `${SCHEMA_FOLDERS[1]}/xenc-schema.xsd`],
  ['http://www.w3.org/2001/xml.xsd', `${SCHEMA_FOLDERS[1]}/xml.xsd`],
  ['xmldsig-core-schema.xsd', `${SCHEMA_FOLDERS[1]}/xmldsig-core-schema.xsd`],
  ['xenc-schema.xsd', `${SCHEMA_FOLDERS[1]}/xenc-schema.xsd`],
]
  .map(
    ([from, to]) => `<system systemId="${from}" uri="file://${to}"/><uri name="${from}" uri="file://${to}"/>`,
  )
  .join('\n')}
</catalog>`;

function inFolder<Result>(files: Record<string, string>, use: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'mintmark-judge-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What xmllint says of `xml` against saml-schema-protocol-2.0.xsd, or that of metadata; empty when it is valid. */
export const schemaErrors = (xml: string, schema: 'protocol' | 'metadata' = 'protocol'): string =>
  inFolder({ 'document.xml': xml, 'catalog.xml': CATALOG }, (folder) => {
    const run = spawnSync(
      'xmllint',
      [
        '--nonet',
        '--noout',
        '--schema',
        `${SCHEMA_FOLDERS[0]}/saml-schema-${schema}-2.0.xsd`,
        'document.xml',
      ],
      {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, XML_CATALOG_FILES: join(folder, 'catalog.xml') },
      },
    );
    return run.status === 0 ? '' : run.stderr || `xmllint ended with ${run.status}`;
  });

/**
 * The same judgement of many documents in one run: those that are not valid, by their place in `documents`, with what
 * xmllint says. Starting it and reading the schemas takes as long as judging a thousand.
 */
export const invalidDocuments = (
  documents: readonly string[],
): readonly { readonly index: number; readonly error: string }[] => {
  const names = documents.map((_, index) => `${index}.xml`);
  const files = Object.fromEntries(documents.map((xml, index) => [names[index]!, xml]));
  return inFolder({ ...files, 'catalog.xml': CATALOG }, (folder) => {
    const run = spawnSync(
      'xmllint',
      ['--nonet', '--noout', '--schema', `${SCHEMA_FOLDERS[0]}/saml-schema-protocol-2.0.xsd`, ...names],
      {
        cwd: folder,
        encoding: 'utf8',
        maxBuffer: 1 << 28,
        env: { ...process.env, XML_CATALOG_FILES: join(folder, 'catalog.xml') },
      },
    );
    const said = run.stderr.split('\n');
    const valid = new Set(said.filter((line) => line.endsWith(' validates')));
    return names.flatMap((name, index) =>
      valid.has(`${name} validates`)
        ? []
        : [{ index, error: said.filter((line) => line.startsWith(name)).join('\n') }],
    );
  });
};

/** Exclusive C14N by libxml2, of many documents one after the other: what a reader kin to neither xmldom nor us finds in them. */
export const libxmlCanonical = (documents: readonly string[]): string => {
  const names = documents.map((_, index) => `${index}.xml`);
  const files = Object.fromEntries(documents.map((xml, index) => [names[index]!, xml]));
  return inFolder(files, (folder) =>
    execFileSync('xmllint', ['--nonet', '--exc-c14n', ...names], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    }),
  );
};

const IDS = ['Response', 'AuthnRequest', 'LogoutRequest', 'LogoutResponse'].map((name) => [
  '--id-attr:ID',
  `urn:oasis:names:tc:SAML:2.0:protocol:${name}`,
]);
const ID_ATTRIBUTES = [...IDS.flat(), '--id-attr:ID', 'urn:oasis:names:tc:SAML:2.0:assertion:Assertion'];

/** What xmlsec1 says against the signature over `element` and that certificate; empty when it verifies. */
export function xmlsecVerify(
  xml: string,
  certificatePem: string,
  element: 'Assertion' | 'Response' | 'LogoutRequest' | 'LogoutResponse',
): string {
  const signature = `//*[local-name()='${element}']/*[local-name()='Signature']`;
  return inFolder({ 'document.xml': xml, 'trusted.pem': certificatePem }, (folder) => {
    const run = spawnSync(
      'xmlsec1',
      [
        '--verify',
        '--pubkey-cert-pem',
        'trusted.pem',
        ...ID_ATTRIBUTES,
        '--node-xpath',
        signature,
        'document.xml',
      ],
      { cwd: folder, encoding: 'utf8' },
    );
    return run.status === 0 ? '' : run.stderr || run.stdout;
  });
}

/** Of many documents signed by one certificate over `element`, verified by xmlsec1 in one run: how many verify. */
export const xmlsecVerified = (
  documents: readonly string[],
  certificatePem: string,
  element: 'Assertion' | 'Response',
): number => {
  const names = documents.map((_, index) => `${index}.xml`);
  const files = Object.fromEntries(documents.map((xml, index) => [names[index]!, xml]));
  return inFolder({ ...files, 'trusted.pem': certificatePem }, (folder) => {
    const run = spawnSync(
      'xmlsec1',
      [
        '--verify',
        '--pubkey-cert-pem',
        'trusted.pem',
        ...ID_ATTRIBUTES,
        '--node-xpath',
        `//*[local-name()='${element}']/*[local-name()='Signature']`,
        ...names,
      ],
      { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 28 },
    );
    return `${run.stdout}${run.stderr}`.split('\n').filter((line) => line === 'OK').length;
  });
};

/** The document with its EncryptedAssertion decrypted by xmlsec1. */
export const xmlsecDecrypt = (xml: string, privateKeyPem: string): string =>
  inFolder({ 'document.xml': xml, 'key.pem': privateKeyPem }, (folder) =>
    execFileSync('xmlsec1', ['--decrypt', '--privkey-pem', 'key.pem', 'document.xml'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
