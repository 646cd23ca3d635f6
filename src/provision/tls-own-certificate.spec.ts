import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeServerCertificate, makeTlsAuthority, type TlsPair } from '../tenant/tls-certificates.js';
import { StartError } from './start-error.js';
import { readOwnCertificate } from './tls-own-certificate.js';

const NOW = new Date('2026-11-21T12:00:00Z');
const YEARS_LATER = new Date('2046-11-21T12:00:00Z');
const YEARS_BEFORE = new Date('2016-11-20T12:00:00Z');
const BASE_URL = 'https://idp.example.test:8443';

let folder: string;
let authority: TlsPair;
let pair: TlsPair;
let other: TlsPair;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mintmark-own-certificate-'));
  authority = await makeTlsAuthority(NOW);
  [pair, other] = await Promise.all([
    makeServerCertificate(authority, ['idp.example.test', '2001:db8::7'], NOW),
    makeServerCertificate(authority, ['idp.example.test'], NOW),
  ]);
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function fileOf(text: string | Buffer, mode = 0o600): Promise<string> {
  const file = join(folder, `${(files += 1)}.pem`);
  await writeFile(file, text, { mode });
  await chmod(file, mode);
  return file;
}
interface Read {
  readonly read: TlsPair;
  readonly warnings: readonly string[];
}
async function readAs(
  {
    certificate = pair.certificatePem,
    key = pair.privateKeyPem,
    mode = 0o600,
  }: Partial<Record<'certificate' | 'key', string | Buffer>> & { readonly mode?: number },
  { baseUrl = BASE_URL, now = NOW } = {},
): Promise<Read> {
  const warnings: string[] = [];
  const read = await readOwnCertificate(
    { certificateFile: await fileOf(certificate), keyFile: await fileOf(key, mode) },
    { baseUrl, now },
    (sentence) => void warnings.push(sentence),
  );
  return { read, warnings };
}
async function refusalOf(given: Parameters<typeof readAs>[0]): Promise<string> {
  const error: unknown = await readAs(given).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof StartError)) throw new Error(`not refused: ${String(error)}`);
  expect(error.code).toBe('tls_pair_unusable');
  return error.description;
}

test('a certificate and its key are read without a word, alone, as a chain, and both in one file', async () => {
  const chain = pair.certificatePem + authority.certificatePem;
  const both = pair.certificatePem + pair.privateKeyPem;
  for (const given of [
    {},
    { certificate: chain },
    { certificate: both, key: both },
    { certificate: `Bag Attributes\r\n${chain}` },
  ]) {
    const { read, warnings } = await readAs(given);
    expect(warnings).toEqual([]);
    expect(read.privateKeyPem).toBe(pair.privateKeyPem);
    expect(read.certificatePem.startsWith(String(new X509Certificate(pair.certificatePem)))).toBe(true);
    expect(read.certificatePem.match(/BEGIN CERTIFICATE/g)).toHaveLength(
      given.certificate?.includes(authority.certificatePem) ? 2 : 1,
    );
  }
});

test('keys of every usual form are read', async () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  for (const key of [
    rsa.export({ type: 'pkcs1', format: 'pem' }),
    // as `openssl ecparam -genkey` writes it
    `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${String(ec.export({ type: 'sec1', format: 'pem' }))}`,
  ])
    expect(await refusalOf({ key })).toContain('is not the private key of the certificate');
});

test.each([
  [
    'a key of another certificate',
    () => ({ key: other.privateKeyPem }),
    'which is that of DNS:idp.example.test',
  ],
  [
    'an issuer that comes first',
    () => ({ certificate: authority.certificatePem + pair.certificatePem }),
    'must come first',
  ],
  [
    'files that are changed round',
    () => ({ certificate: pair.privateKeyPem, key: pair.certificatePem }),
    'change them round',
  ],
  ['a key in place of the certificate', () => ({ certificate: pair.privateKeyPem }), 'no certificate'],
  [
    'a certificate in place of the key',
    () => ({ key: pair.certificatePem }),
    'holds a certificate and no private key',
  ],
  ['DER', () => ({ certificate: new X509Certificate(pair.certificatePem).raw }), 'openssl x509 -inform der'],
  [
    'a request',
    () => ({ certificate: '-----BEGIN CERTIFICATE REQUEST-----\nMII=\n-----END CERTIFICATE REQUEST-----\n' }),
    'request for a certificate',
  ],
  ['an empty file', () => ({ key: '' }), 'holds no private key as PEM'],
  [
    'half of a certificate',
    () => ({ certificate: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n' }),
    'a certificate is damaged',
  ],
  [
    'half of a key',
    () => ({ key: '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n' }),
    'the private key is damaged',
  ],
] as const)('%s is refused, with the way out', async (_, given, sentence) => {
  const description = await refusalOf(given());
  expect(description).toContain(sentence);
  expect(description).not.toContain(pair.privateKeyPem.split('\n')[3]);
});

test('a key with a passphrase is refused, since nobody types it', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  for (const type of ['pkcs8', 'pkcs1'] as const) {
    const key = privateKey.export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
    expect(await refusalOf({ key })).toContain('openssl pkey -in');
  }
});

test('a key that TLS finds too short is refused at start, not at the first handshake', async () => {
  const keys = forge.pki.rsa.generateKeyPair(512);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = keys.publicKey;
  certificate.sign(keys.privateKey, forge.md.sha256.create());
  const key = forge.pki.privateKeyToPem(keys.privateKey);
  expect(await refusalOf({ certificate: forge.pki.certificateToPem(certificate), key })).toMatch(
    /TLS does not take the certificate in .*: ee key too small\.$/,
  );
});

test('a file that is not there is told with its variable', async () => {
  for (const [certificateFile, keyFile, variable] of [
    [join(folder, 'none.pem'), await fileOf(pair.privateKeyPem), 'MINTMARK_TLS_CERT'],
    [await fileOf(pair.certificatePem), folder, 'MINTMARK_TLS_KEY'],
  ] as const)
    await expect(
      readOwnCertificate({ certificateFile, keyFile }, { baseUrl: BASE_URL, now: NOW }, () => undefined),
    ).rejects.toMatchObject({
      description: expect.stringMatching(`^${variable} names .* cannot be read: `) as string,
    });
});

test.each([
  ['it ended', { now: YEARS_LATER }, [/ended at 2027-.*clients will refuse it/]],
  ['it has not begun', { now: YEARS_BEFORE }, [/begins at 2026-11-20T12:00:00\.000Z only/]],
  [
    'it is for another host',
    { baseUrl: 'https://localhost:8443' },
    [
      /is for DNS:idp\.example\.test, .* and not for localhost.*is BASE_URL to be https:\/\/idp\.example\.test:8443\?$/,
    ],
  ],
  [
    'it is for another address',
    { baseUrl: 'https://127.0.0.1' },
    [/not for 127\.0\.0\.1.* https:\/\/idp\.example\.test\?$/],
  ],
  ['it is for the address', { baseUrl: 'https://[2001:db8::7]/mint' }, []],
] as const)('it is used, and warned of what clients will not like: %s', async (_, at, expected) => {
  const { warnings } = await readAs({}, at);
  expect(warnings).toEqual(expected.map((pattern) => expect.stringMatching(pattern) as string));
});

test('a chain that does not hang together is warned of, and one that ended', async () => {
  const stranger = await makeTlsAuthority(YEARS_BEFORE);
  const { warnings } = await readAs({ certificate: pair.certificatePem + stranger.certificatePem });
  expect(warnings).toEqual([
    expect.stringMatching(/^certificate 2 in .* ended at 2026-11-20/),
    expect.stringContaining('was not issued by the one that comes after it'),
  ]);
});

test.skipIf(process.platform === 'win32')('a key that others may read is warned of', async () => {
  expect((await readAs({ mode: 0o640 })).warnings).toEqual([
    expect.stringMatching(/can be read by other users.*chmod 600/),
  ]);
});
