import type { Action, ActionContent, Binding } from '../../src/tenant/action.js';
import { clientBodySchema, type Client } from '../../src/tenant/client.js';
import type { Logout } from '../../src/tenant/logout.js';
import type { Session, SessionParticipant } from '../../src/tenant/session.js';
import type { SigningKey } from '../../src/tenant/signing-key.js';
import type { Transaction } from '../../src/tenant/transaction.js';
import type { User } from '../../src/tenant/user.js';

export const AT = '2026-03-01T12:00:00.000Z';
export const after = (milliseconds: number): string => new Date(Date.parse(AT) + milliseconds).toISOString();

export const aClient = (clientId: string, over: Partial<Client> = {}): Client => ({
  ...clientBodySchema.parse({ name: 'a client' }),
  client_id: clientId,
  client_secret: 'secret',
  created_at: AT,
  updated_at: AT,
  ...over,
});

export const aUser = (userId: string, over: Partial<User> = {}): User => ({
  user_id: userId,
  identities: [],
  user_metadata: {},
  app_metadata: {},
  created_at: AT,
  updated_at: AT,
  ...over,
});

export const aKey = (kid: string, over: Partial<SigningKey> = {}): SigningKey => ({
  kid,
  alg: 'RS256',
  status: 'current',
  privateKeyPem: `private ${kid}`,
  certificatePem: `certificate ${kid}`,
  createdAt: AT,
  ...over,
});

export const aTransaction = (id: string, over: Partial<Transaction> = {}): Transaction => ({
  id,
  revision: 1,
  status: 'pending',
  protocol: 'samlp',
  clientId: 'client',
  userId: 'auth0|user',
  createdAt: AT,
  finishedAt: null,
  now: null,
  seed: null,
  authenticatedAt: AT,
  user: { user_id: 'auth0|user' },
  tokenClient: { alg: 'RS256', idTokenLifetimeInSeconds: 36_000 },
  samlLayers: {},
  idToken: { customClaims: {} },
  accessToken: { customClaims: {}, scopes: {} },
  event: null,
  timeline: [],
  warnings: [],
  reason: null,
  failure: null,
  result: null,
  assertionXml: null,
  signedWith: null,
  droppedClaims: [],
  ...over,
});

export const aSession = (id: string, over: Partial<Session> = {}): Session => ({
  id,
  userId: 'auth0|user',
  createdAt: AT,
  authenticatedAt: after(1),
  lastSeenAt: after(2),
  expiresAt: after(3_600_000),
  ...over,
});

export const aParticipant = (
  sessionId: string,
  clientId: string,
  over: Partial<SessionParticipant> = {},
): SessionParticipant => ({
  sessionId,
  clientId,
  nameId: 'auth0|user',
  format: 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
  sessionIndex: '_index',
  since: AT,
  ...over,
});

export const aLogout = (id: string, over: Partial<Logout> = {}): Logout => ({
  id,
  revision: 1,
  status: 'running',
  createdAt: AT,
  finishedAt: null,
  requester: null,
  userId: 'auth0|user',
  sessionIds: [],
  steps: [],
  timeline: [],
  ...over,
});

export const aContent = (code: string, over: Partial<ActionContent> = {}): ActionContent => ({
  code,
  dependencies: [],
  secrets: [],
  runtime: 'node22',
  ...over,
});

export const anAction = (id: string, over: Partial<Action> = {}): Action => ({
  id,
  name: id,
  trigger: 'post-login',
  created_at: AT,
  updated_at: AT,
  draft: aContent(`// ${id}`),
  deployedVersionId: null,
  allChangesDeployed: false,
  source: null,
  ...over,
});

export const aBinding = (id: string, actionId: string, over: Partial<Binding> = {}): Binding => ({
  id,
  trigger: 'post-login',
  actionId,
  displayName: actionId,
  created_at: AT,
  updated_at: AT,
  ...over,
});

/** Texts that databases and encodings are known to spoil. */
export const HARD_TEXTS = [
  'U+0000 \u0000 in the midst',
  'a lone high \ud800 and a lone low \udfff',
  'separators \u2028\u2029 and \u0085',
  'beyond the BMP 🪙, combining e\u0301, right to left \u202eabc',
  '\ufeffa byte order mark, \uffff and \ufffe',
  'quotes \' " ` \\ and ? $1 :name %',
  '',
];
