/** Makes clients, changes them, and says what of them is shown. Their SAML settings are checked as far as one layer can be. */
import { checkSettings } from '../protocol/saml/check-settings.js';
import { clientBodySchema, type Client, type ClientBody, type ClientPatch } from './client.js';
import { invalidBody } from './invalid-body.js';
import { patched, type Patch } from './patch.js';
import type { SamlAddon } from './saml-addon.js';
import { SECRET } from './secret.js';

export interface ClientCircumstances {
  readonly now: Date;
  /** Of the tenant settings: RSA keys below it are refused. */
  readonly minimumRsaBits: number;
}

/** `clientId` and `clientSecret` stand where the body names none. Throws SamlError with pointers below `/addons/samlp`. */
export function clientFrom(
  body: ClientBody,
  { now, minimumRsaBits, ...otherwise }: ClientCircumstances & { clientId: string; clientSecret: string },
): Client {
  const { client_id = otherwise.clientId, client_secret = otherwise.clientSecret, ...rest } = body;
  const at = now.toISOString();
  const client = { client_id, client_secret, ...rest, created_at: at, updated_at: at };
  checkAddon(client.addons.samlp, minimumRsaBits);
  return client;
}

/**
 * The client with what the patch says. Members of `addons.samlp`, `jwt_configuration`, `client_metadata`, `refresh_token`, `oidc_logout`
 * and `notion` are laid over the ones that are kept, so that one setting changes alone; anything else replaces what is kept; `null`
 * takes back. Throws as `clientFrom`, and `invalid_body` for settings that do not go together.
 */
export function patchedClient(
  client: Client,
  {
    addons,
    jwt_configuration: jwt,
    client_metadata: metadata,
    refresh_token,
    oidc_logout,
    notion,
    ...plain
  }: ClientPatch,
  { now, minimumRsaBits }: ClientCircumstances,
): Client {
  const samlp = patchedAddon(client.addons.samlp, addons);
  if (samlp !== client.addons.samlp) checkAddon(samlp, minimumRsaBits);
  const { created_at, updated_at: _, ...kept } = client;
  const checked = clientBodySchema.safeParse({
    ...patched<ClientBody>(kept, plain),
    jwt_configuration: laidOver(client.jwt_configuration, jwt),
    client_metadata: laidOver(client.client_metadata, metadata),
    addons: { samlp },
    refresh_token: laidOverOptional(client.refresh_token, refresh_token),
    oidc_logout: laidOverOptional(client.oidc_logout, oidc_logout),
    notion: laidOverOptional(client.notion, notion),
  });
  // members that are kept and such as are given may not go together
  if (!checked.success) throw invalidBody(checked.error.issues);
  const body = withoutUnset(checked.data);
  const { client_id, client_secret } = client;
  return { client_id, client_secret, ...body, created_at, updated_at: now.toISOString() };
}

/** `undefined`, for the schema to put the default there, where the patch is `null`. */
const laidOver = <Value extends object>(
  kept: Value,
  patch: Patch<Value> | null | undefined,
): Value | undefined => (patch === null ? undefined : patched(kept, patch ?? {}));

/** Likewise of what may be left out whole. */
const laidOverOptional = <Value extends object>(
  kept: Value | undefined,
  patch: Patch<Value> | null | undefined,
): Value | undefined => (patch === undefined ? kept : laidOver(kept ?? ({} as Value), patch));

const withoutUnset = <Value extends object>(value: Value): Value =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Value;

function patchedAddon(kept: SamlAddon | undefined, addons: ClientPatch['addons']): SamlAddon | undefined {
  if (addons === undefined || addons?.samlp === undefined) return addons === null ? undefined : kept;
  if (addons.samlp === null) return undefined;
  const { key, ...others } = addons.samlp;
  const sentBack = key === SECRET && kept?.key !== undefined;
  return patched<SamlAddon>(kept ?? {}, sentBack ? others : addons.samlp);
}

function checkAddon(samlp: SamlAddon | undefined, minimumRsaBits: number): void {
  if (samlp === undefined) return;
  if (samlp.key === SECRET)
    throw invalidBody([
      {
        path: ['addons', 'samlp', 'key'],
        message: `"${SECRET}" only stands for a key that is kept; give the key itself, as PEM`,
      },
    ]);
  checkSettings(samlp, [], { minimumRsaBits, pointer: '/addons/samlp' });
}

/** A client as it is answered: all of it, but of the private key only that it is set. */
export function clientView(client: Client): Client {
  const { samlp } = client.addons;
  return samlp?.key === undefined ? client : { ...client, addons: { samlp: { ...samlp, key: SECRET } } };
}
