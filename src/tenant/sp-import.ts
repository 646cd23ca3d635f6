/**
 * Makes a client of a service provider's metadata, or lays new metadata over the client that was made of earlier one. Pure; what became
 * of each part is said in words. The reasons for the choices are in docs/decisions/importing-metadata.md.
 */
import { shortened } from '../protocol/saml/shortened.js';
import type { SpMetadata } from '../protocol/saml/sp-metadata.js';
import { clientFrom, patchedClient, type ClientCircumstances } from './client-changes.js';
import { clientBodySchema, type Client } from './client.js';
import type { Patch } from './patch.js';
import type { SamlAddon } from './saml-addon.js';
import {
  encryption,
  entity,
  nameIDFormat,
  signing,
  singleLogout,
  wantAssertionsSigned,
  type Reading,
} from './sp-import-parts.js';

export interface SpImport {
  readonly client: Client;
  /** What was taken, and which setting it became; in words. */
  readonly taken: readonly string[];
  /** What was there and is not used; in words. */
  readonly ignored: readonly string[];
}

/** A new client. Throws SamlError `saml_pem_invalid` or `saml_key_too_short` for a key that would be taken. */
export function clientOfMetadata(
  metadata: SpMetadata,
  given: { readonly name?: string | undefined },
  circumstances: ClientCircumstances & { readonly clientId: string; readonly clientSecret: string },
): SpImport {
  const { callbacks, addon, taken, ignored } = readings(metadata, [], {}, circumstances.now);
  const name = given.name ?? metadata.displayName ?? shortened(metadata.entityId, 256);
  const body = clientBodySchema.parse({ name, callbacks, addons: { samlp: withoutNulls(addon) } });
  return {
    client: clientFrom(body, circumstances),
    taken: [
      ...taken,
      ...(given.name === undefined && metadata.displayName !== undefined
        ? [`DisplayName ${JSON.stringify(metadata.displayName)} → name`]
        : []),
    ],
    ignored,
  };
}

/**
 * The client with what the metadata says now. What metadata says nothing of stays: secret, mappings, callbacks that were added by hand,
 * and the name, unless one is given. Throws as `clientOfMetadata`.
 */
export function clientWithMetadata(
  client: Client,
  metadata: SpMetadata,
  given: { readonly name?: string | undefined },
  circumstances: ClientCircumstances,
): SpImport {
  const kept = client.addons.samlp ?? {};
  const { callbacks, addon, taken, ignored } = readings(metadata, client.callbacks, kept, circumstances.now);
  const patch = {
    ...(given.name !== undefined && { name: given.name }),
    callbacks,
    addons: { samlp: addon },
  };
  return {
    client: patchedClient(client, patch, circumstances),
    taken,
    ignored,
  };
}

type AddonPatch = Patch<SamlAddon>;

const MOST_CALLBACKS = 100;

function readings(
  metadata: SpMetadata,
  keptCallbacks: readonly string[],
  kept: SamlAddon,
  now: Date,
): Required<Reading> & { readonly callbacks: string[] } {
  const imported = new Set(kept.assertionConsumers?.map(({ location }) => location));
  const added = keptCallbacks.filter((callback) => !imported.has(callback));
  const consumers = metadata.assertionConsumers.slice(0, Math.max(1, MOST_CALLBACKS - added.length));
  const parts: readonly Reading[] = [
    entity(metadata, kept),
    {
      addon: { assertionConsumers: [...consumers] },
      taken: consumers.map(
        ({ location, index }, position) =>
          `AssertionConsumerService ${location} (index ${index}${position === 0 ? ', the default' : ''}) → callbacks, addons.samlp.assertionConsumers`,
      ),
      ignored: metadata.assertionConsumers
        .slice(consumers.length)
        .map(
          ({ location }) =>
            `AssertionConsumerService ${location}: a client has ${MOST_CALLBACKS} callbacks at most`,
        ),
    },
    signing(metadata, kept, now),
    encryption(metadata),
    singleLogout(metadata, kept),
    nameIDFormat(metadata, kept),
    wantAssertionsSigned(metadata, kept),
    { ignored: metadata.ignored },
  ];
  return {
    callbacks: [...new Set([...consumers.map(({ location }) => location), ...added])].slice(
      0,
      MOST_CALLBACKS,
    ),
    addon: Object.assign({}, ...parts.map(({ addon }) => addon)) as AddonPatch,
    taken: parts.flatMap(({ taken }) => taken ?? []),
    ignored: parts.flatMap(({ ignored }) => ignored ?? []),
  };
}

const withoutNulls = (addon: AddonPatch): SamlAddon =>
  Object.fromEntries(Object.entries(addon).filter(([, value]) => value !== null));
