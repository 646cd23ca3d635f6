import type { TriggerId } from '../tenant/action.js';
import type { Effects } from '../tenant/effects.js';
import type { Transaction } from '../tenant/transaction.js';
import type { ActionEvent } from './event.js';
import type { EventFacts } from './event-facts.js';
import { shownMethod } from './event-methods.js';
import { hasReturned } from './event-request.js';
import { exchangeEvent } from './exchange-event.js';
import { loginEvent } from './login-event.js';
import { isObject, merged, overlaid, plainJson, type JsonObject } from './merged.js';

/**
 * What the next handler is told: JSON, a copy of everything. Three layers, the oldest first:
 *
 * 1. what the login itself tells: client, user, session, request, …;
 * 2. over it the `event` that a test gave with its transaction: the values that it wants the trigger to start with, `secrets` included;
 * 3. over that what earlier Actions asked for, and this one before its redirect. It happened after the start, so it wins over the test's
 *    values as over ours: metadata of user, transaction, session and refresh token, the mode of the cookie, target scopes, methods.
 *
 * What is optional is absent where it is not known. Objects that Auth0 always hands out are there even where a test took them away or put
 * something else in their place: code that was written for Auth0 does not ask for them first.
 */
export function buildEvent(facts: EventFacts): ActionEvent {
  const isLogin = facts.trigger === 'post-login';
  const told = isLogin ? loginEvent(facts) : exchangeEvent(facts);
  const started = withAlways(merged(told, startValues(facts.transaction)), ALWAYS[facts.trigger]);
  const after = isLogin ? afterActions(started, facts.effects) : afterExchange(started, facts.effects);
  return plainJson(after) as ActionEvent;
}

/** Query, form and method that a test gave belong to the request that it began with; another one came since. */
function startValues(transaction: Transaction): JsonObject {
  const event = transaction.event ?? {};
  const { request } = event;
  if (!isObject(request) || !hasReturned(transaction)) return event;
  const lasting = Object.entries(request).filter(([name]) => !['query', 'body', 'method'].includes(name));
  return { ...event, request: Object.fromEntries(lasting) };
}

type Path = readonly string[];
interface Always {
  /** Parents stand before what is in them. */
  readonly objects: readonly Path[];
  readonly lists: readonly Path[];
}
const ALWAYS: Readonly<Record<TriggerId, Always>> = {
  'post-login': {
    objects: [
      ['client'],
      ['client', 'metadata'],
      ['request'],
      ['request', 'query'],
      ['request', 'body'],
      ['request', 'geoip'],
      ['user'],
      ['user', 'user_metadata'],
      ['user', 'app_metadata'],
      ['transaction'],
      ['transaction', 'metadata'],
      ['secrets'],
      ['configuration'],
    ],
    lists: [['user', 'identities']],
  },
  'credentials-exchange': {
    objects: [
      ['accessToken'],
      ['accessToken', 'customClaims'],
      ['client'],
      ['client', 'metadata'],
      ['request'],
      ['request', 'body'],
      ['request', 'geoip'],
      ['transaction'],
      ['secrets'],
      ['configuration'],
    ],
    lists: [
      ['accessToken', 'scope'],
      ['transaction', 'requested_scopes'],
    ],
  },
};

const withAlways = (event: JsonObject, { objects, lists }: Always): JsonObject => {
  const withObjects = objects.reduce((made, path) => withMember(made, path, isObject, {}), event);
  return lists.reduce((made, path) => withMember(made, path, Array.isArray, []), withObjects);
};

function withMember(
  parent: JsonObject,
  [name = '', ...below]: Path,
  isRight: (value: unknown) => boolean,
  otherwise: unknown,
): JsonObject {
  const member = Object.hasOwn(parent, name) ? parent[name] : undefined;
  if (below.length > 0)
    return { ...parent, [name]: withMember(member as JsonObject, below, isRight, otherwise) };
  return isRight(member) ? parent : { ...parent, [name]: otherwise };
}

const objectIn = (event: JsonObject, name: string): JsonObject | undefined =>
  isObject(event[name]) ? event[name] : undefined;

function afterActions(event: JsonObject, effects: Effects): JsonObject {
  const { targetScopes, metadata } = effects.transaction;
  const user = objectIn(event, 'user') ?? {};
  const transaction = objectIn(event, 'transaction') ?? {};
  const session = objectIn(event, 'session');
  const refreshToken = objectIn(event, 'refresh_token');
  return {
    ...event,
    user: {
      ...user,
      user_metadata: overlaid(user['user_metadata'], effects.user.userMetadata),
      app_metadata: overlaid(user['app_metadata'], effects.user.appMetadata),
    },
    transaction: {
      ...transaction,
      metadata: overlaid(transaction['metadata'], metadata),
      ...(targetScopes && { target_scopes: targetScopes }),
    },
    ...(effects.methods.length > 0 && { authentication: withMethods(event['authentication'], effects) }),
    // neither comes to be by what is kept for it
    ...(session && { session: afterSessionCalls(session, effects) }),
    ...(refreshToken && {
      refresh_token: {
        ...refreshToken,
        ...(effects.refreshToken.metadata && { metadata: effects.refreshToken.metadata }),
      },
    }),
  };
}

const afterSessionCalls = (session: JsonObject, { session: asked }: Effects): JsonObject => ({
  ...session,
  ...(asked.metadata && { metadata: asked.metadata }),
  ...(asked.cookieMode && {
    cookie: overlaid(session['cookie'], { mode: asked.cookieMode }),
  }),
});

/** One that was recorded anew takes the place of the older one. */
function withMethods(authentication: unknown, { methods }: Effects): JsonObject {
  const members = isObject(authentication) ? authentication : {};
  const before: readonly unknown[] = Array.isArray(members['methods']) ? members['methods'] : [];
  const isRenewed = (method: unknown): boolean =>
    isObject(method) && methods.some(({ name }) => name === method['name']);
  return {
    ...members,
    methods: [...before.filter((method) => !isRenewed(method)), ...methods.map(shownMethod)],
  };
}

/** The token will have the target scopes; what is not granted falls away when it is made. */
function afterExchange(
  event: JsonObject,
  { transaction: { targetScopes }, accessToken }: Effects,
): JsonObject {
  const token = objectIn(event, 'accessToken') ?? {};
  const transaction = objectIn(event, 'transaction') ?? {};
  return {
    ...event,
    accessToken: {
      ...token,
      customClaims: { ...objectIn(token, 'customClaims'), ...accessToken.customClaims },
      ...(targetScopes && { scope: targetScopes }),
    },
    transaction: { ...transaction, ...(targetScopes && { target_scopes: targetScopes }) },
  };
}
