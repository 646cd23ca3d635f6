/** The whole server inside the process of a test: port 0, a database of its own, and keys that are there already. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config.js';
import { startServer, type RunningServer } from '../../src/server.js';
import { openDataSource } from '../../src/storage/data-source.js';
import { SigningKeyStore } from '../../src/storage/signing-key-store.js';
import { importSigningKey } from '../../src/tenant/key-import.js';
import type { TokenAlgorithm } from '../../src/tenant/client.js';
import { fetchTrusting } from './fetch-trusting.js';
import { keyFile } from './jwt-keys.js';

/** Of test/keys. The tenant key is `saml-idp`, so SAML is signed with it and tests know its certificate. */
const KEYS: readonly (readonly [TokenAlgorithm, string])[] = [
  ['RS256', 'saml-idp.key.pem'],
  ['PS256', 'jwt-rsa.key.pem'],
  ['ES256', 'jwt-p256.key.pem'],
  ['EdDSA', 'jwt-ed25519.key.pem'],
];

export interface ApiAnswer<Body> {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed where it is JSON, else the text; `undefined` where there is none. */
  readonly body: Body;
}
export interface TestServer extends RunningServer {
  /** For another instance on the same database. */
  readonly databaseUrl: string;
  /** Calls the server with a JSON body, on the path below its base URL. */
  readonly api: <Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<ApiAnswer<Body>>;
}

/** Generating RSA keys is what a first start takes its time for. */
async function putKeys(databaseUrl: string): Promise<void> {
  const dataSource = await openDataSource(databaseUrl);
  const store = new SigningKeyStore(dataSource);
  for (const [alg, file] of KEYS)
    await store.insertFirst(
      importSigningKey(
        {
          privateKey: keyFile(file),
          certificate: alg === 'RS256' ? keyFile('saml-idp.crt.pem') : undefined,
          alg,
        },
        { now: new Date(), commonName: 'test' },
      ),
    );
  await dataSource.destroy();
}

/**
 * Starts a server; `env` overrides: an SQLite file in a folder of its own, no seed, and the keys of test/keys.
 * With `DATABASE_URL` the keys are the database's affair. Close it in `afterAll`.
 */
export async function startTestServer(env: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-test-'));
  const databaseUrl = env['DATABASE_URL'] ?? `file:${join(folder, 'tenant.sqlite')}`;
  if (env['DATABASE_URL'] === undefined) await putKeys(databaseUrl);
  const server = await startServer(
    readConfig({
      PORT: '0',
      DATABASE_URL: databaseUrl,
      MINTMARK_SEED: 'none',
      MINTMARK_CERTS: join(folder, 'certs'),
      MINTMARK_LOG_LEVEL: 'error',
      ...env,
    }),
  );
  const via = server.authority ? fetchTrusting(server.authority.certificatePem) : fetch;
  return {
    ...server,
    databaseUrl,
    api: (method, path, body, headers) => call(via, `${server.baseUrl}${path}`, method, body, headers),
    close: async () => {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function call<Body>(
  via: typeof fetch,
  url: string,
  method: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<ApiAnswer<Body>> {
  const response = await via(url, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? undefined : isJson ? JSON.parse(text) : text) as Body,
  };
}
