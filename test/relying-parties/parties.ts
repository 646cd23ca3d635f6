/** Clients that prove who they are in each way there is, for libraries that know all of them. */
import { generateKeyPairSync, webcrypto, type KeyObject } from 'node:crypto';
import { API, LOGIN, make, makeParties, type Landing } from '../oidc/relying-party.js';
import type { TestServer } from '../support/server.js';
import type { UserAgent } from '../support/user-agent.js';

/** With what has to be encoded in a Basic header, and what libraries encode though they need not. */
export const SECRET = 'a secret of the client, with % and + and : and _';

const GRANTS = [
  'authorization_code',
  'implicit',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:token-exchange',
] as const;

interface Keys {
  readonly privateKey: KeyObject;
  /** PEM. */
  readonly publicKey: string;
}
export function rsaKeys(): Keys {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { privateKey, publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

/** As code in a client library has it. */
export const cryptoKey = ({ privateKey }: Keys): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey(
    'pkcs8',
    privateKey.export({ type: 'pkcs8', format: 'der' }),
    { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    false,
    ['sign'],
  );

/**
 * `poster`, `basic`, `signer` (private_key_jwt), `public` and `strict` (Basic, in the words of the RFCs), beside what `makeParties` makes;
 * each that has a secret or a key may have the API’s `read:things` for itself.
 */
export async function makeLibraryClients(server: TestServer, landing: Landing): Promise<Keys> {
  const keys = rsaKeys();
  await makeParties(server, landing);
  const client = (client_id: string, more: object): Promise<unknown> =>
    make(server, '/api/v2/clients', {
      client_id,
      name: client_id,
      callbacks: [landing.callback],
      allowed_logout_urls: [landing.callback],
      grant_types: GRANTS,
      ...more,
    });
  const secret = { client_secret: SECRET };
  await client('poster', { ...secret, token_endpoint_auth_method: 'client_secret_post' });
  await client('basic', { ...secret, token_endpoint_auth_method: 'client_secret_basic' });
  await client('strict', {
    ...secret,
    token_endpoint_auth_method: 'client_secret_basic',
    oauth_dialect: 'strict',
  });
  await client('signer', {
    client_authentication_methods: {
      private_key_jwt: { credentials: [{ pem: keys.publicKey, alg: 'RS256' }] },
    },
  });
  await client('public', { app_type: 'native', token_endpoint_auth_method: 'none' });
  for (const client_id of ['poster', 'basic', 'strict', 'signer'])
    await make(server, '/api/v2/client-grants', { client_id, audience: API, scope: ['read:things'] });
  return keys;
}

/** Where the browser comes to once alice has logged in; the fragment is in it. */
export async function landed(agent: UserAgent, url: URL, { callback }: Landing): Promise<URL> {
  const page = await agent.get(url.href);
  const last = page.url.startsWith(callback) ? page : await agent.submit(page, LOGIN);
  if (!last.url.startsWith(callback)) throw new Error(`at ${last.url}: ${last.text.slice(-1500)}`);
  return new URL(last.url);
}
