/** Actions as their authors bring them: over the API, deployed and bound; and logins that they run in. */
import type { Executed } from '../../src/actions/executed.js';
import type { TriggerId } from '../../src/tenant/action.js';
import type { ApiAnswer, TestServer } from './server.js';

interface NewAction {
  readonly name: string;
  readonly code: string;
  readonly trigger?: TriggerId;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly dependencies?: readonly { readonly name: string; readonly version: string }[];
}

/** What `/api/transactions` answers. */
export interface LoginView {
  readonly id: string;
  readonly status: string;
  readonly user_id: string | null;
  readonly reason: string | null;
  readonly error?: string;
  readonly error_description?: string;
  readonly redirect?: { readonly url: string };
  readonly warnings: readonly { readonly code: string; readonly detail: string }[];
  readonly result: {
    readonly SAMLResponse?: string;
    readonly RelayState?: string;
    readonly acsUrl?: string;
    readonly id_token?: string;
    readonly access_token?: string;
    readonly scope?: string;
  } | null;
  /** Of a refusal. */
  readonly code?: string;
  readonly detail?: string;
}
/** What the debug view tells of it as JSON. */
export interface LoginInspection {
  readonly timeline: readonly {
    readonly name: string;
    readonly detail?: Readonly<Record<string, unknown>>;
  }[];
  readonly failure: { readonly code: string; readonly detail: string; readonly cause?: string } | null;
  readonly droppedClaims: readonly {
    readonly token: string;
    readonly claim: string;
    readonly reason: string;
  }[];
}

const ACTIONS = '/api/v2/actions/actions';
const bindingsOf = (trigger: TriggerId): string => `/api/v2/actions/triggers/${trigger}/bindings`;

async function answered<Body>(answer: Promise<ApiAnswer<Body>>): Promise<Body> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
}

interface Bindings {
  readonly bindings: readonly { readonly action: { readonly id: string } }[];
}
const bind = (server: TestServer, trigger: TriggerId, ids: readonly string[]) =>
  answered(
    server.api('PATCH', bindingsOf(trigger), {
      bindings: ids.map((value) => ({ ref: { type: 'action_id', value } })),
    }),
  );

/** Makes an Action, deploys it, and binds it after those that are bound; yields its id. */
export async function deployAction(
  server: TestServer,
  { name, code, trigger = 'post-login', secrets = {}, dependencies = [] }: NewAction,
): Promise<string> {
  const { id } = await answered(
    server.api<{ id: string }>('POST', ACTIONS, {
      name,
      code,
      supported_triggers: [{ id: trigger }],
      secrets: Object.entries(secrets).map(([secret, value]) => ({ name: secret, value })),
      dependencies,
    }),
  );
  await answered(server.api('POST', `${ACTIONS}/${id}/deploy`));
  const { bindings } = await answered(server.api<Bindings>('GET', bindingsOf(trigger)));
  await bind(server, trigger, [...bindings.map(({ action }) => action.id), id]);
  return id;
}

/** No Action runs any more, and each name is free again. */
export async function unbindAll(server: TestServer): Promise<void> {
  for (const trigger of ['post-login', 'credentials-exchange'] as const) await bind(server, trigger, []);
  const { actions } = await answered(
    server.api<{ actions: readonly { readonly id: string }[] }>('GET', `${ACTIONS}?per_page=100`),
  );
  for (const { id } of actions) await answered(server.api('DELETE', `${ACTIONS}/${id}`));
}

/** Binds Actions in that order and no others: bodies of the trigger's handler, with `event` and `api`. */
export async function bindHandlers(
  server: TestServer,
  handlers: readonly (string | (Omit<NewAction, 'code'> & { readonly body: string }))[],
  trigger: TriggerId = 'post-login',
): Promise<void> {
  await unbindAll(server);
  for (const [index, handler] of handlers.entries()) {
    const action = typeof handler === 'string' ? { name: `Action ${index + 1}`, body: handler } : handler;
    const { body, ...rest } = action;
    await deployAction(server, { trigger, ...rest, code: codeOf(body, trigger) });
  }
}
export const codeOf = (body: string, trigger: TriggerId = 'post-login'): string =>
  `exports.${trigger === 'post-login' ? 'onExecutePostLogin' : 'onExecuteCredentialsExchange'} = async (event, api) => {\n${body}\n};\n`;

const ACS_URL = 'https://sp.example.test/acs';
export const AUDIENCE = 'https://api.example.test';

/** The clients that `samlLogin` (`sp`), `oidcLogin` and `exchange` (`app`) name, and a stored user for each of `names`. */
export async function makeParties(server: TestServer, names: readonly string[] = []): Promise<void> {
  await answered(
    server.api('POST', '/api/v2/clients', {
      client_id: 'sp',
      name: 'SP',
      callbacks: [ACS_URL],
      addons: { samlp: {} },
    }),
  );
  await answered(
    server.api('POST', '/api/v2/clients', {
      client_id: 'app',
      name: 'App',
      client_metadata: { tier: 'gold' },
    }),
  );
  for (const name of names)
    await answered(
      server.api('POST', '/api/v2/users', {
        user_id: `auth0|${name}`,
        email: `${name}@example.test`,
        name,
        password: 'correct horse battery',
      }),
    );
}

/** A login over REST, completed in the same call; `more` is merged into its body. */
type Login = (server: TestServer, more?: Readonly<Record<string, unknown>>) => Promise<LoginView>;
const loginAs =
  (body: Readonly<Record<string, unknown>>): Login =>
  (server, more = {}) =>
    answered(
      server.api<LoginView>('POST', '/api/transactions', {
        user: { user_id: 'auth0|alice', email: 'alice@example.test', name: 'Alice' },
        complete: true,
        ...body,
        ...more,
      }),
    );
export const samlLogin = loginAs({ protocol: 'samlp', client_id: 'sp' });
export const oidcLogin = loginAs({
  protocol: 'oidc',
  client_id: 'app',
  oidc: { scope: 'openid profile email', audience: AUDIENCE },
});
export const exchange = loginAs({
  protocol: 'client_credentials',
  client_id: 'app',
  user: undefined,
  oidc: { audience: AUDIENCE },
});

export const responseXmlOf = ({ result }: LoginView): string =>
  Buffer.from(result?.SAMLResponse ?? '', 'base64').toString('utf8');
export const claimsOf = (jwt: string | undefined): Record<string, unknown> =>
  JSON.parse(Buffer.from((jwt ?? '').split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
export const idTokenOf = ({ result }: LoginView): Record<string, unknown> => claimsOf(result?.id_token);
export const accessTokenOf = ({ result }: LoginView): Record<string, unknown> =>
  claimsOf(result?.access_token);

export const inspectionOf = (server: TestServer, { id }: { readonly id: string }): Promise<LoginInspection> =>
  answered(
    server.api<LoginInspection>('GET', `/debug/transactions/${id}`, undefined, {
      accept: 'application/json',
    }),
  );
/** What the timeline tells of the Actions that ran, in their order. */
export const executedIn = ({ timeline }: LoginInspection): readonly Executed[] =>
  timeline
    .filter(({ name }) => name === 'action.executed')
    .map(({ detail }) => detail as unknown as Executed);
