/** "Your application" of README.md, to the letter: its seed, its start line, and then openid-client on localhost. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as client from 'openid-client';
import { expect, test } from 'vitest';
import { parseSeed } from '../src/tenant/seed-file.js';
import { startTestServer } from './support/server.js';
import { UserAgent } from './support/user-agent.js';

const section = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  .split(/^## /m)
  .find((text) => text.startsWith('Your application\n'))!;
const block = (language: string): string =>
  new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'm').exec(section)![1]!;

/** The base URL that is told needs a port that is known before. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('an application logs in by what README.md tells, with a refresh token for its API', async () => {
  const yaml = block('yaml');
  const { clients, users } = parseSeed(yaml, 'README.md');
  const [{ client_id: id, client_secret: secret, callbacks } = { callbacks: [] }] = clients;
  const [callback] = callbacks as [string];
  const { email, password, user_id: userId } = users[0]!;

  const [, base, file] = /^BASE_URL=(\S+) MINTMARK_SEED=(\S+) npm start$/m.exec(block('sh'))!;
  expect(section).toContain(`${base}/debug/clients/${id}`);
  const port = await freePort();
  const baseUrl = base!.replace('3000', String(port));
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-readme-'));
  await writeFile(join(folder, file!), yaml);
  const server = await startTestServer({
    PORT: String(port),
    BASE_URL: baseUrl,
    MINTMARK_SEED: join(folder, file!),
  });
  try {
    const insecure = { execute: [client.allowInsecureRequests] };
    const config = await client.discovery(new URL(baseUrl), id!, secret, undefined, insecure);
    const verifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const asked = client.buildAuthorizationUrl(config, {
      redirect_uri: callback,
      scope: 'openid email offline_access read:things',
      audience: 'https://api.example.test',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
    });
    // nobody need listen where the application would
    const browser = new UserAgent((url, init) =>
      typeof url === 'string' && url.startsWith(callback)
        ? Promise.resolve(new Response('Back'))
        : fetch(url, init),
    );
    const page = await browser.get(asked.href);
    const back = await browser.submit(page, { username: email!, password: password! });
    const tokens = await client.authorizationCodeGrant(config, new URL(back.url), {
      pkceCodeVerifier: verifier,
      expectedState: state,
      idTokenExpected: true,
    });
    expect(tokens.claims()).toMatchObject({ iss: `${baseUrl}/`, sub: userId, email });
    expect(tokens.scope?.split(' ')).toContain('read:things');
    const renewed = await client.refreshTokenGrant(config, tokens.refresh_token!);
    expect(renewed.access_token).toBeDefined();
  } finally {
    await server.close();
    await rm(folder, { recursive: true });
  }
});
