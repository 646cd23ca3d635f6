import { quote } from '../protocol/saml/quote.js';
import { SamlError } from '../protocol/saml/saml-error.js';
import type { Client } from '../tenant/client.js';

/**
 * On a shared URL the Issuer of a message names the client: the one of `found`, which have it as entity ID. `ownUrl` is where it needs no
 * naming. Throws SamlError `saml_issuer_unknown` for none and for several.
 */
export function clientNamed(issuer: string, found: readonly Client[], ownUrl: string): Client {
  const [client, ...others] = found;
  if (client && others.length === 0) return client;
  throw new SamlError(
    'saml_issuer_unknown',
    client
      ? `${found.length} clients have the entity ID ${quote(issuer)} (${found.map(({ client_id }) => client_id).join(', ')}): send the message to ${ownUrl}`
      : `no client has the entity ID ${quote(issuer)}, which is the Issuer of the message: import the service provider's metadata, set addons.samlp.entityId, or send the message to ${ownUrl}`,
  );
}
