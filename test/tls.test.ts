/** https as clients meet it: whom they trust, what they are served, and what happens to those who speak something else. */
import { X509Certificate } from 'node:crypto';
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { lookup } from 'node:dns/promises';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkServerIdentity, connect as connectTls, type PeerCertificate } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEachDatabase, onSqlite } from './storage/each-database.js';
import { fetchTrusting } from './support/fetch-trusting.js';
import { judgedBy, openssl } from './support/judges.js';
import { startTestServer, type TestServer } from './support/server.js';
import { UserAgent } from './support/user-agent.js';

const TLS = { MINTMARK_TLS: 'self' };
const PASSWORD = 'correct horse battery staple';

let server: TestServer;
let trusting: typeof fetch;
const at = (path: string): string => `${server.baseUrl}${path}`;
const caOf = (its: TestServer): string => its.authority!.certificatePem;
const portOf = (its: TestServer): number => (its.app.getHttpServer().address() as AddressInfo).port;

beforeAll(async () => {
  server = await startTestServer({ ...TLS, MINTMARK_ALLOWED_HOSTS: 'idp.test,idp.internal:8443,10.0.0.1' });
  trusting = fetchTrusting(caOf(server));
});
afterAll(() => server.close());

/** As it is served. */
async function certificateOf(its: TestServer): Promise<PeerCertificate> {
  const socket = connectTls({ host: '127.0.0.1', port: portOf(its), ca: caOf(its) });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerCertificate();
  socket.destroy();
  return certificate;
}

async function answerTo(octets: readonly (string | Buffer)[], its = server): Promise<string> {
  const socket = connect(portOf(its), '127.0.0.1');
  for (const part of octets) socket.write(part);
  return textOf(socket);
}
async function textOf(socket: Socket): Promise<string> {
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  await once(socket, 'close');
  return text;
}

test('who trusts the authority is answered, under the issuer of https', async () => {
  expect(server.baseUrl).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  for (const host of ['127.0.0.1', 'localhost']) {
    const answer = await trusting(`https://${host}:${portOf(server)}/health`);
    expect(await answer.json()).toMatchObject({ status: 'ok' });
    expect(answer.headers.get('strict-transport-security')).toBeNull();
  }
  const discovered = (await (await trusting(at('/.well-known/openid-configuration'))).json()) as Record<
    string,
    string
  >;
  expect(discovered['issuer']).toBe(`${server.baseUrl}/`);
  expect(discovered['token_endpoint']).toBe(at('/oauth/token'));
});

test('who does not trust it, or trusts that of another database, hangs up', async () => {
  await expect(fetch(at('/health'))).rejects.toMatchObject({
    cause: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
  });
  const other = await startTestServer(TLS);
  try {
    await expect(fetchTrusting(caOf(other))(at('/health'))).rejects.toMatchObject({
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
    expect((await fetchTrusting(caOf(other))(`${other.baseUrl}/health`)).status).toBe(200);
  } finally {
    await other.close();
  }
});

test('the certificate has every name of the server, and no other', async () => {
  const certificate = await certificateOf(server);
  for (const name of ['localhost', '127.0.0.1', '::1', 'idp.test', 'idp.internal', '10.0.0.1'])
    expect(checkServerIdentity(name, certificate), name).toBeUndefined();
  for (const name of ['evil.test', 'a.idp.test', '10.0.0.2', 'Mintmark'])
    expect(checkServerIdentity(name, certificate), name).toBeInstanceOf(Error);
});

judgedBy(openssl)('the chain is what a strict verifier wants of a server', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-tls-'));
  try {
    const [ca, leaf] = [join(folder, 'ca.pem'), join(folder, 'leaf.pem')];
    await writeFile(ca, caOf(server));
    await writeFile(leaf, new X509Certificate((await certificateOf(server)).raw).toString());
    const verify = (...more: string[]): string =>
      execFileSync('openssl', ['verify', '-x509_strict', '-CAfile', ca, ...more, leaf], {
        stdio: ['ignore', 'pipe', 'pipe'],
      }).toString();
    expect(verify('-purpose', 'sslserver', '-verify_hostname', 'idp.test')).toContain(': OK');
    expect(verify('-purpose', 'sslserver', '-verify_ip', '::1')).toContain(': OK');
    expect(() => verify('-purpose', 'sslclient')).toThrow(/unsuitable|purpose/);
    expect(() => verify('-verify_hostname', 'evil.test')).toThrow(/[Hh]ostname mismatch/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('another program trusts the file that the greeting names', async () => {
  const { file, certificatePem } = server.authority!;
  expect(await readFile(file!, 'utf8')).toBe(certificatePem);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['-e', `fetch(${JSON.stringify(at('/health'))}).then(async (a) => console.log((await a.json()).status))`],
    { env: { NODE_EXTRA_CA_CERTS: file! } },
  );
  expect(stdout.trim()).toBe('ok');
});

test('the certificate of the authority is downloaded as a file, and no private key with it', async () => {
  const answer = await trusting(at('/ca.pem'));
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/pem-certificate-chain');
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="mintmark-ca.pem"');
  expect(await answer.text()).toBe(caOf(server));
  expect(caOf(server)).not.toContain('PRIVATE');
  const { app: _app, ...told } = server;
  expect(JSON.stringify(told)).not.toContain('PRIVATE');
});

test('without TLS there is nothing to download', async () => {
  const plain = await startTestServer();
  try {
    expect(plain.authority).toBeNull();
    expect((await plain.api('GET', '/ca.pem')).status).toBe(404);
    expect(plain.baseUrl).toMatch(/^http:/);
  } finally {
    await plain.close();
  }
});

test('a browser logs in, and its cookies are bound to https and to this host', async () => {
  const made = await trusting(at('/api/v2/users'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      user_id: 'auth0|alice',
      email: 'alice@example.test',
      password: PASSWORD,
      connection: 'Username-Password-Authentication',
    }),
  });
  expect(made.status).toBe(201);
  const cookies: string[] = [];
  const agent = new UserAgent(async (input, init) => {
    const answer = await trusting(input, init);
    cookies.push(...answer.headers.getSetCookie());
    expect(answer.headers.get('strict-transport-security')).toBeNull();
    return answer;
  });
  await agent.get(at('/demo/sp'));
  const login = await agent.get(at('/demo/sp/login'), at('/demo/sp'));
  const delivery = await agent.submit(login, { username: 'alice@example.test', password: PASSWORD });
  expect(delivery.forms[0]?.action, delivery.text).toBe(at('/demo/sp/acs'));
  expect((await agent.submit(delivery)).text).toContain('Logged in as');
  expect(agent.cookie(server.baseUrl, '__Host-mintmark_session')).toBeDefined();
  expect(cookies.length).toBeGreaterThan(1);
  for (const cookie of cookies) expect(cookie).toMatch(/; Secure/i);
});

test('who speaks http is told to speak https, whatever is sent', async () => {
  const long = 'x'.repeat(200_000);
  for (const request of [
    ['GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    ['P', 'OST /oauth/token HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    [`POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${long.length}\r\n\r\n`, long],
  ]) {
    const answer = await answerTo(request);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain(`This port speaks https: ask ${server.baseUrl} instead.`);
  }
});

test('a handshake that is none ends the connection, and nothing else', async () => {
  for (const octets of [
    'garbage\r\n',
    Buffer.from([22, 3, 1, 0, 5, 1, 2, 3, 4, 5]),
    Buffer.from([22, 3, 1, 255, 255]),
    Buffer.alloc(1000),
  ])
    expect(await answerTo([octets])).not.toContain('HTTP');
  expect((await trusting(at('/health'))).status).toBe(200);
});

test('a handshake whose first octet comes alone is one, and a long address passes as without TLS', async () => {
  const slow = createServer((near) => {
    const far = connect(portOf(server), '127.0.0.1').setNoDelay();
    far.pipe(near);
    near.once('data', (octets) => {
      near.pause();
      far.write(octets.subarray(0, 1));
      setTimeout(() => {
        far.write(octets.subarray(1));
        near.pipe(far);
      }, 50);
    });
  }).listen(0, '127.0.0.1');
  await once(slow, 'listening');
  const { port } = slow.address() as AddressInfo;
  const answer = await trusting(`https://127.0.0.1:${port}/health?${'x'.repeat(50_000)}`);
  expect(answer.status).toBe(200);
  slow.close();
});

test('a client that connects and says nothing does not keep the server from closing', async () => {
  const its = await startTestServer(TLS);
  const silent = connect(portOf(its), '127.0.0.1');
  await once(silent, 'connect');
  const over = textOf(silent);
  await its.close();
  expect(await over).toBe('');
});

test('each address of localhost speaks https', async () => {
  const its = await startTestServer({ ...TLS, HOST: 'localhost' });
  try {
    for (const { address, family } of await lookup('localhost', { all: true })) {
      const host = family === 6 ? `[${address}]` : address;
      expect((await fetchTrusting(caOf(its))(`https://${host}:${portOf(its)}/health`)).status).toBe(200);
    }
  } finally {
    await its.close();
  }
});

onEachDatabase('instances that start at once on one database have one authority', async ({ url }) => {
  const env = { ...TLS, DATABASE_URL: url };
  const instances = await Promise.all([startTestServer(env), startTestServer(env)]);
  try {
    const [here, there] = instances;
    expect(caOf(here)).toBe(caOf(there));
    for (const its of instances)
      expect((await fetchTrusting(caOf(here))(`${its.baseUrl}/health`)).status).toBe(200);
  } finally {
    await Promise.all(instances.map((its) => its.close()));
  }
});

test('a restart serves the same certificate; a new name gets another of the same authority', async () => {
  await onSqlite(async ({ url }) => {
    const served: { ca: string; fingerprint: string }[] = [];
    const start = async (env: Record<string, string> = {}): Promise<void> => {
      const its = await startTestServer({ ...TLS, DATABASE_URL: url, ...env });
      served.push({ ca: caOf(its), fingerprint: (await certificateOf(its)).fingerprint256 });
      await its.close();
    };
    await start();
    await start();
    await start({ BASE_URL: 'https://idp.example.test' });
    const [first, second, third] = served;
    expect(second).toEqual(first);
    expect(third!.ca).toBe(first!.ca);
    expect(third!.fingerprint).not.toBe(first!.fingerprint);
  });
});
