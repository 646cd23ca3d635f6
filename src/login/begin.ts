/** The first step: a request that was understood, a client and a user become a pending transaction. */
import { decodeAuthnRequest } from '../protocol/saml/authn-request.js';
import { checkSettings } from '../protocol/saml/check-settings.js';
import type { KeyRules, PairReaders } from '../protocol/saml/key-pairs.js';
import type { LayerOfSettings } from '../protocol/saml/layers.js';
import { acsUrlOf, checkRequest } from '../protocol/saml/request-rules.js';
import { refuseScopeClaim } from '../protocol/jwt/restricted-claims.js';
import type { Client } from '../tenant/client.js';
import type {
  OidcRequestPart,
  RequestFacts,
  SamlRequestPart,
  TokenClientPart,
  Transaction,
  Warning,
} from '../tenant/transaction.js';
import type { UserProfile } from '../tenant/user.js';
import { LoginError } from './login-error.js';
import { newTransaction } from './new-transaction.js';
import { attributesOf, settingsOf } from './transaction-settings.js';
import type { TransactionBody } from './transaction-body.js';

export interface Beginning {
  readonly body: TransactionBody;
  readonly client: Client;
  /** `null` where nobody logs in. */
  readonly user: UserProfile | null;
  /** The call that it came by. */
  readonly http?: RequestFacts | undefined;
  readonly id: string;
  /** The server's clock. */
  readonly at: Date;
  /** URLs at which an AuthnRequest may say it is aimed. */
  readonly endpoints: readonly string[];
  readonly defaultAudience: string | undefined;
  readonly rules: Omit<KeyRules, 'pointer'>;
  readonly readers: PairReaders;
}

/** Throws SamlError, JwtError or LoginError, each naming the field of the body at fault; then nothing has begun. */
export function begin(beginning: Beginning): Transaction {
  const { body, client, user, at } = beginning;
  const now = body.now === undefined ? null : new Date(body.now).toISOString();
  const clock = now ?? at.toISOString();
  const samlResponse = body.samlResponse ?? {};
  const layer = {
    settings: settingsOf(samlResponse),
    attributes: attributesOf(samlResponse.attributes ?? {}),
  };
  checkSettings(
    layer.settings,
    layer.attributes,
    { ...beginning.rules, pointer: '/samlResponse' },
    beginning.readers,
  );
  const idToken = body.idToken?.customClaims ?? {};
  const accessToken = body.accessToken?.customClaims ?? {};
  for (const claim of Object.keys(idToken)) refuseScopeClaim('id_token', claim);
  for (const claim of Object.keys(accessToken)) refuseScopeClaim('access_token', claim);
  refuseUserOrNone(beginning);
  const request = requestOf(beginning);
  return newTransaction({
    id: beginning.id,
    protocol: body.protocol,
    clientId: client.client_id,
    userId: user?.user_id ?? null,
    ...(namesNobodyKept(body.user) && { isOwnProfile: true as const }),
    createdAt: at.toISOString(),
    now,
    seed: body.seed ?? null,
    authenticatedAt: user ? clock : null,
    user,
    ...request,
    ...(beginning.http && { request: beginning.http }),
    tokenClient: tokenClientOf(client),
    samlLayers: { client: clientLayer(client), transaction: layer },
    idToken: { customClaims: idToken },
    accessToken: { customClaims: accessToken, scopes: scopesOf(body.accessToken?.scopes) },
    event: body.event ?? null,
    timeline: [
      { name: 'request.received', at: clock, detail: { protocol: body.protocol, by: 'rest' } },
      ...(user ? [{ name: 'user.authenticated', at: clock, detail: { user_id: user.user_id ?? null } }] : []),
    ],
    warnings: [...withoutEffect(body), ...aimedElsewhere(request.saml, beginning.endpoints)],
  });
}

/** `{"user_id": …}` alone names a stored user; anything more is a profile of its own. */
const namesNobodyKept = (user: TransactionBody['user']): boolean =>
  user !== undefined && (user.user_id === undefined || Object.keys(user).length > 1);

/** What of the client goes with its transactions, so that a change of it touches none that has begun. */
export const clientLayer = ({ addons }: Client): LayerOfSettings => ({
  settings: settingsOf(addons.samlp ?? {}),
  attributes: [],
});
/** Its entity ID stands for the audience where nobody asked (saml-output.md 7). */
export const entityIdPart = ({ addons }: Client): Pick<SamlRequestPart, 'entityId'> =>
  addons.samlp?.entityId === undefined ? {} : { entityId: addons.samlp.entityId };

export const tokenClientOf = ({
  jwt_configuration: { alg, lifetime_in_seconds },
}: Client): TokenClientPart => ({
  alg,
  idTokenLifetimeInSeconds: lifetime_in_seconds,
});

function samlPart({ body, client }: Beginning): SamlRequestPart {
  if (body.oidc) throw notOfProtocol('oidc', 'samlp');
  if (!client.addons.samlp) throw clientNotSaml(client.client_id);
  const { SAMLRequest, RelayState } = body.saml ?? {};
  if (SAMLRequest === undefined) {
    const acsUrl = acsUrlOf(undefined, client.callbacks);
    return { ...entityIdPart(client), acsUrl, ...(RelayState !== undefined && { RelayState }) };
  }
  const authnRequest = decodeAuthnRequest(SAMLRequest);
  const { assertionConsumers } = client.addons.samlp;
  const { acsUrl } = checkRequest(authnRequest, {
    callbacks: client.callbacks,
    ...(assertionConsumers && { assertionConsumers }),
  });
  return {
    SAMLRequest,
    authnRequest,
    ...entityIdPart(client),
    acsUrl,
    ...(RelayState !== undefined && { RelayState }),
  };
}

function requestOf(beginning: Beginning): Pick<Transaction, 'saml' | 'oidc' | 'clientGrant'> {
  const { body } = beginning;
  if (body.client_grant && body.protocol !== 'client_credentials')
    throw notOfProtocol('client_grant', body.protocol);
  if (body.protocol === 'samlp') return { saml: samlPart(beginning) };
  if (body.protocol === 'oidc') return { oidc: oidcPart(beginning) };
  const oidc = oidcPart(beginning, body.client_grant?.scope.join(' ') ?? '');
  return { oidc, ...(body.client_grant && { clientGrant: body.client_grant }) };
}

function refuseUserOrNone({ body: { protocol }, user }: Beginning): void {
  if (protocol === 'client_credentials') {
    if (user) throw notOfProtocol('user', protocol);
  } else if (!user)
    throw new LoginError(
      'user_missing',
      'user is missing: name a stored one, like {"user_id": "auth0|alice"}, or give a profile',
      { errors: [{ pointer: '/user', detail: 'is missing' }] },
    );
}

/** Without a scope in the request, `usualScope`. */
function oidcPart(
  { body, user, defaultAudience }: Beginning,
  usualScope = 'openid profile email',
): OidcRequestPart {
  if (body.saml) throw notOfProtocol('saml', body.protocol);
  if (user && user.user_id === undefined)
    throw new LoginError('user_without_id', 'user: a token needs a user_id for its sub, like "auth0|alice"', {
      errors: [{ pointer: '/user/user_id', detail: 'is missing: it becomes the sub of the tokens' }],
    });
  const audience = body.oidc?.audience ?? defaultAudience;
  const nonce = body.oidc?.nonce;
  const defaulted = (['scope', 'audience'] as const).filter((name) => body.oidc?.[name] === undefined);
  return {
    scope: body.oidc?.scope ?? usualScope,
    ...(audience !== undefined && { audience }),
    ...(nonce !== undefined && { nonce }),
    ...(defaulted.length > 0 && { defaulted }),
  };
}

export const clientNotSaml = (clientId: string): LoginError =>
  new LoginError(
    'client_not_saml',
    `the client ${clientId} is no SAML service provider: give it "addons": {"samlp": {}}`,
    { errors: [{ pointer: '/client_id', detail: 'has no addons.samlp' }] },
  );

const notOfProtocol = (member: string, protocol: string): LoginError =>
  new LoginError(
    'setting_not_of_protocol',
    `${member} does not belong to a transaction with protocol ${protocol}`,
    {
      errors: [{ pointer: `/${member}`, detail: `leave it out, or change protocol` }],
    },
  );

const WITHOUT_EFFECT = {
  samlp: ['idToken', 'accessToken'],
  oidc: ['samlResponse'],
  client_credentials: ['samlResponse', 'idToken'],
} as const;
/** As on Auth0, setters of the other protocol do nothing; a person should know. */
function withoutEffect(body: TransactionBody): Warning[] {
  return WITHOUT_EFFECT[body.protocol]
    .filter((member) => body[member] !== undefined)
    .map((member) => ({
      code: 'setting_without_effect',
      detail: `${member} has no effect with protocol ${body.protocol}`,
    }));
}

/** No endpoint received this request, so a Destination that is none of ours refuses nothing; over HTTP it would. */
function aimedElsewhere(saml: SamlRequestPart | undefined, endpoints: readonly string[]): Warning[] {
  const destination = saml?.authnRequest?.destination;
  if (destination === undefined || endpoints.includes(destination)) return [];
  const detail = `the request is aimed at ${destination}; sent over HTTP it would be refused, its Destination must be ${endpoints.join(' or ')}`;
  return [{ code: 'request_destination_differs', detail }];
}

const scopesOf = (
  scopes: readonly string[] | Readonly<Record<string, boolean>> | undefined,
): Readonly<Record<string, boolean>> =>
  Array.isArray(scopes)
    ? Object.fromEntries((scopes as readonly string[]).map((scope) => [scope, true]))
    : ((scopes ?? {}) as Readonly<Record<string, boolean>>);
