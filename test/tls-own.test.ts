/** https by a certificate of the operator, as clients meet it. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeServerCertificate, makeTlsAuthority, type TlsPair } from '../src/tenant/tls-certificates.js';
import { fetchTrusting } from './support/fetch-trusting.js';
import { startServerProcess } from './support/server-process.js';
import { startTestServer } from './support/server.js';

let folder: string;
let company: TlsPair;
let files: { readonly MINTMARK_TLS_CERT: string; readonly MINTMARK_TLS_KEY: string };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mintmark-tls-own-'));
  company = await makeTlsAuthority(new Date());
  const pair = await makeServerCertificate(company, ['127.0.0.1', 'idp.example.test'], new Date());
  files = { MINTMARK_TLS_CERT: join(folder, 'server.pem'), MINTMARK_TLS_KEY: join(folder, 'server.key') };
  await writeFile(files.MINTMARK_TLS_CERT, pair.certificatePem + company.certificatePem);
  await writeFile(files.MINTMARK_TLS_KEY, pair.privateKeyPem, { mode: 0o600 });
});
afterAll(() => rm(folder, { recursive: true }));

test('who trusts the authority of the operator is answered, and no authority of ours is made', async () => {
  const server = await startTestServer(files);
  try {
    const trusting = fetchTrusting(company.certificatePem);
    const discovery = await trusting(`${server.baseUrl}/.well-known/openid-configuration`);
    expect(await discovery.json()).toMatchObject({ issuer: `${server.baseUrl}/` });
    expect(server.baseUrl).toMatch(/^https:/);
    expect(server.authority).toBeNull();
    expect((await trusting(`${server.baseUrl}/ca.pem`)).status).toBe(404);
    await expect(fetch(server.baseUrl)).rejects.toThrow();
  } finally {
    await server.close();
  }
});

test('the process greets with https, and a certificate for another host is warned of', async () => {
  const its = await startServerProcess({
    ...files,
    BASE_URL: 'https://other.example.test',
    DATABASE_URL: `file:${join(folder, 'a.sqlite')}`,
  });
  try {
    expect(its.output()).toContain('ready at https://other.example.test');
    expect(its.output()).not.toContain('local authority');
    await expect.poll(its.output).toContain('and not for other.example.test');
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        '-e',
        `fetch('${its.url.replace('http:', 'https:')}/health').then(async (a) => console.log((await a.json()).status))`,
      ],
      { env: { NODE_EXTRA_CA_CERTS: files.MINTMARK_TLS_CERT } },
    );
    expect(stdout.trim()).toBe('ok');
  } finally {
    await its.stop();
  }
});

test('a pair that does not fit ends the process with the sentence alone', async () => {
  const started = startServerProcess({
    MINTMARK_TLS_CERT: files.MINTMARK_TLS_CERT,
    MINTMARK_TLS_KEY: join(folder, 'nothing.key'),
    DATABASE_URL: `file:${join(folder, 'b.sqlite')}`,
  });
  await expect(started).rejects.toThrow(
    /ended with 1: MINTMARK_TLS_KEY names .*nothing\.key, which cannot be read: there is no such file\.\n$/,
  );
});
