/** Actions behind a balancer: two processes on one PostgreSQL, and a browser that an Action sent away from one of them comes back to the other. */
import { randomUUID } from 'node:crypto';
import { SAML } from '@node-saml/node-saml';
import { Client } from 'pg';
import { expect } from 'vitest';
import { PASSWORD, logsInAs, postedTo } from '../saml-browser/service-provider.js';
import { judgedBy, POSTGRES_URL, postgres } from '../support/judges.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';
import { UserAgent } from '../support/user-agent.js';
import { SHARED, signedReturn, startAwayPage, stateOf } from './away-page.js';

const BASE_URL = 'http://idp.example.test';
const ACS = 'https://sp.example.test/acs';
const ACTIONS = '/api/v2/actions/actions';
const BINDINGS = '/api/v2/actions/triggers/post-login/bindings';

async function call<Body = { id: string }>(
  server: ServerProcess,
  method: string,
  path: string,
  body?: unknown,
): Promise<Body> {
  const response = await fetch(server.url + path, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Body;
}

/** Deployed on one instance. */
async function deploy(server: ServerProcess, name: string, code: string): Promise<void> {
  const secrets = [{ name: 'SHARED', value: SHARED }];
  const supported_triggers = [{ id: 'post-login' }];
  const { id } = await call(server, 'POST', ACTIONS, { name, code, supported_triggers, secrets });
  await call(server, 'POST', `${ACTIONS}/${id}/deploy`);
}
const bind = (server: ServerProcess, ...names: string[]): Promise<unknown> =>
  call(server, 'PATCH', BINDINGS, {
    bindings: names.map((value) => ({ ref: { type: 'action_name', value } })),
  });

const first = `exports.onExecutePostLogin = async (event, api) => {
  const cached = api.cache.get('seen')?.value ?? 'nothing';
  api.cache.set('seen', event.user.user_id);
  api.transaction.setMetadata('cached', cached);
  api.user.setAppMetadata('logins', (event.user.app_metadata.logins ?? 0) + 1);
};`;
const asking = (url: string): string => `exports.onExecutePostLogin = async (event, api) => {
  const session_token = api.redirect.encodeToken({ secret: event.secrets.SHARED, payload: {} });
  api.samlResponse.setAttribute('set before', 'kept');
  api.redirect.sendUserTo(${JSON.stringify(url)}, { query: { session_token } });
};
exports.onContinuePostLogin = async (event, api) => {
  const { answer } = api.redirect.validateToken({ secret: event.secrets.SHARED });
  api.samlResponse.setAttribute('answer', answer);
  api.samlResponse.setAttribute('cached', event.transaction.metadata.cached);
  api.samlResponse.setAttribute('logins', event.user.app_metadata.logins);
};`;
const last = `exports.onExecutePostLogin = async (event, api) => {
  api.samlResponse.setAttribute('cached now', api.cache.get('seen').value);
};`;

judgedBy(postgres)(
  'a login that an Action of one process left goes on at the other, also when the first is gone; code and cache are of both',
  async () => {
    const schema = `test_${randomUUID().replaceAll('-', '')}`;
    const url = new URL(POSTGRES_URL!);
    url.searchParams.set('options', `-c search_path=${schema}`);
    const admin = new Client({ connectionString: POSTGRES_URL });
    await admin.connect();
    await admin.query(`CREATE SCHEMA ${schema}`);
    const away = await startAwayPage();
    const started: ServerProcess[] = [];
    try {
      const env = { DATABASE_URL: url.href, BASE_URL };
      started.push(...(await Promise.all([startServerProcess(env), startServerProcess(env)])));
      const [here, there] = started as [ServerProcess, ServerProcess];
      const addons = { samlp: {} };
      await call(here, 'POST', '/api/v2/clients', { client_id: 'sp', name: 'SP', callbacks: [ACS], addons });
      for (const name of ['alice', 'bob'])
        await call(there, 'POST', '/api/v2/users', {
          user_id: `auth0|${name}`,
          email: `${name}@example.test`,
          password: PASSWORD,
        });
      const { keys } = await call<{ keys: { alg: string; x5c?: string[] }[] }>(
        here,
        'GET',
        '/.well-known/jwks.json',
      );
      const sp = new SAML({
        idpCert: keys.find(({ alg }) => alg === 'RS256')!.x5c![0]!,
        issuer: 'https://sp.example.test/metadata',
        callbackUrl: ACS,
        audience: 'https://sp.example.test/metadata',
        entryPoint: `${BASE_URL}/samlp/sp`,
        wantAuthnResponseSigned: false,
      });
      const loginAt = async (server: ServerProcess): Promise<string> =>
        (await sp.getAuthorizeUrlAsync('', undefined, {})).replace(BASE_URL, server.url);
      const leavesFrom = async (server: ServerProcess, agent: UserAgent, name: string) => {
        const page = await agent.submit(await agent.get(await loginAt(server)), logsInAs(name));
        expect(page.url.startsWith(away.url)).toBe(true);
        return page;
      };
      const told = async (page: Awaited<ReturnType<UserAgent['get']>>): Promise<object> =>
        (await sp.validatePostResponseAsync(postedTo(page, ACS))).profile!;

      // both have known a login without any Action
      for (const server of [here, there]) {
        const agent = new UserAgent();
        const delivered = await agent.submit(await agent.get(await loginAt(server)), logsInAs('alice'));
        expect(await told(delivered)).toMatchObject({ nameID: 'auth0|alice' });
      }
      await deploy(here, 'First', first);
      await deploy(there, 'Asks', asking(`${away.url}/`));
      await deploy(here, 'Last', last);
      await bind(there, 'First', 'Asks', 'Last');

      // away from here, back there, by GET and by a post of another site
      for (const [from, to] of [
        [here, there],
        [there, here],
      ] as const) {
        const agent = new UserAgent();
        const page = await leavesFrom(from, agent, 'alice');
        const fields = { state: stateOf(page), session_token: signedReturn(page, { answer: from.url }) };
        const back =
          from === here
            ? await agent.get(`${to.url}/continue?${new URLSearchParams(fields).toString()}`, page.url)
            : await agent.post(`${to.url}/continue`, Object.entries(fields), page.url);
        expect(await told(back)).toMatchObject({
          nameID: 'auth0|alice',
          answer: from.url,
          'set before': 'kept',
          cached: from === here ? 'nothing' : 'auth0|alice',
          logins: from === here ? '1' : '2',
          'cached now': 'auth0|alice',
        });
        const again = await agent.get(`${from.url}/continue?state=${stateOf(page)}`, page.url);
        expect(again.text).toContain('continue_state_invalid');
      }

      // of returns to both at once one counts
      const twice = new UserAgent();
      const left = await leavesFrom(here, twice, 'bob');
      const fields = { state: stateOf(left), session_token: signedReturn(left, { answer: 'once' }) };
      const query = new URLSearchParams(fields).toString();
      const both = await Promise.all(
        [here, there, here, there].map(({ url: at }) => twice.get(`${at}/continue?${query}`, left.url)),
      );
      expect(both.filter(({ status }) => status === 200)).toHaveLength(1);

      // away from one that is stopped meanwhile, and from another browser nobody comes back
      const agent = new UserAgent();
      const page = await leavesFrom(here, agent, 'bob');
      await here.stop();
      const answered = new URLSearchParams({
        state: stateOf(page),
        session_token: signedReturn(page, { answer: 'after all' }),
      }).toString();
      const thief = await new UserAgent().get(`${there.url}/continue?${answered}`, page.url);
      expect(thief.text).toContain('login_elsewhere');
      const back = await agent.get(`${there.url}/continue?${answered}`, page.url);
      expect(await told(back)).toMatchObject({
        nameID: 'auth0|bob',
        answer: 'after all',
        cached: 'auth0|bob',
        logins: '2',
      });
    } finally {
      await Promise.all([...started.map((server) => server.stop()), away.close()]);
      await admin.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await admin.end();
    }
  },
  120_000,
);
