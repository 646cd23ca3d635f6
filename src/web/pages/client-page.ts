/** One client: what to paste into its service provider or application, and what it is itself. */
import type { CertificateDescription, ClientDescription } from '../debug/client-description.js';
import { html, type Html } from './html.js';
import { page } from './page.js';
import type { ReadySettings } from './sp-settings/ready-settings.js';
import { facts, instant, json, prose } from './values.js';

interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: Html;
}

export function clientPage(description: ClientDescription): string {
  const { client, identity_provider: idp, openid_provider: provider, settings, obstacles } = description;
  const sections: Section[] = [
    ...(idp ? [pasteSection(client.client_id, idp), certificateSection(idp.certificates)] : []),
    ...(provider ? [applicationSection(client, provider)] : []),
    ...settings.map(settingsSection),
    { id: 'client', title: 'The client itself', content: clientContent(description) },
  ];
  return page(
    client.name,
    html`<h1>${client.name}</h1>
      <ul class="facts">
        <li>${[idp && 'SAML', provider && 'OpenID Connect'].filter(Boolean).join(' and ')}</li>
        <li><b class="mono">${client.client_id}</b></li>
        <li>changed <b>${instant(client.updated_at)}</b></li>
      </ul>
      ${
        obstacles.length === 0
          ? null
          : html`<div class="box warn">${obstacles.map((obstacle) => html`<p>${prose(obstacle)}</p>`)}</div>`
      }
      <nav class="contents" aria-label="On this page">
        ${sections.map(({ id, title }) => html`<a href="#${id}">${title}</a>`)}
        <a href="/debug/transactions?client_id=${encodeURIComponent(client.client_id)}">Its logins</a>
        <a href="?format=json">All of it as JSON</a>
      </nav>
      ${sections.map(
        ({ id, title, content }) =>
          html`<section aria-labelledby="${id}">
            <h2 id="${id}">${title}</h2>
            ${content}
          </section>`,
      )}`,
  );
}

type Idp = NonNullable<ClientDescription['identity_provider']>;

function pasteSection(clientId: string, idp: Idp): Section {
  const path = `/samlp/metadata/${encodeURIComponent(clientId)}`;
  return {
    id: 'paste',
    title: 'For the service provider',
    content: html`${facts({
        'Entity ID (Issuer)': idp.entity_id,
        'Single sign-on URL': idp.sso_url,
        'Single logout URL': idp.slo_url,
        'Metadata URL': idp.metadata_url,
        'NameID format': idp.name_id_format ?? undefined,
        AuthnRequests: idp.requests_must_be_signed ? 'must be signed' : 'need no signature',
      })}
      <p class="contents">
        <a href="${path}">Download the metadata</a> <a href="${path}?view">Show it</a>
        ${
          idp.idp_initiated_url === null
            ? null
            : html`<a href="/samlp/${encodeURIComponent(clientId)}">Log in from here (IdP-initiated)</a>`
        }
      </p>
      <p class="soft small">
        Both URLs take HTTP-Redirect and HTTP-POST. The ones without a client id,
        <a href="/samlp/metadata?view">the metadata of the tenant</a>, serve every client by its entity ID.
      </p>`,
  };
}

type Provider = NonNullable<ClientDescription['openid_provider']>;

function applicationSection(
  { client_id: clientId, callbacks, allowed_logout_urls: logoutUrls }: ClientDescription['client'],
  provider: Provider,
): Section {
  const hasSecret = provider.token_endpoint_auth_methods.some((method) =>
    method.startsWith('client_secret_'),
  );
  return {
    id: 'application',
    title: 'For the application',
    content: html`${facts({
      Issuer: provider.issuer,
      'Client ID': clientId,
      'Discovery URL': provider.discovery_url,
      'Authorization endpoint': provider.authorization_endpoint,
      'Token endpoint': provider.token_endpoint,
      'Userinfo endpoint': provider.userinfo_endpoint,
      'End session endpoint': provider.end_session_endpoint,
      'JWKS URI': provider.jwks_uri,
      Callbacks: callbacks,
      'Comes back from a logout to': logoutUrls,
      'Proves itself by': provider.token_endpoint_auth_methods,
      'Grant types': provider.grant_types,
    })}
    ${
      hasSecret
        ? html`<p class="soft small">
            The client secret is not shown here. <code>GET /api/v2/clients/${clientId}</code> has it; the
            settings below read it from the environment, as <code>CLIENT_SECRET</code>.
          </p>`
        : null
    }`,
  };
}

const certificateSection = (certificates: readonly CertificateDescription[]): Section => ({
  id: 'certificate',
  title: certificates.length > 1 ? 'Certificates' : 'Certificate',
  content: html`${certificates.map(
    (certificate, index) =>
      html`${certificates.length > 1 ? html`<h3>${index === 0 ? 'Signs now' : 'Published still'}</h3>` : null}
        <pre>${certificate.pem.trim()}</pre>
        ${facts({
          'SHA-256': colons(certificate.fingerprint_sha256),
          'SHA-1': colons(certificate.fingerprint_sha1),
          Expires: certificate.not_after,
        })}`,
  )}`,
});

/** As OpenSSL and most service providers write fingerprints. */
const colons = (hex: string): string => hex.toUpperCase().replace(/..(?!$)/g, '$&:');

const settingsSection = ({ id, title, files }: ReadySettings): Section => ({
  id,
  title,
  content: html`${Object.entries(files).map(
    ([name, text]) =>
      html`<h3><code>${name}</code></h3>
        <pre class="tall" tabindex="0" role="region" aria-label="${title}: ${name}">${text}</pre>`,
  )}`,
});

function clientContent({ client, relationship }: ClientDescription): Html {
  const { samlp } = client.addons;
  return html`${facts({
      Callbacks: client.callbacks,
      'Entity ID': samlp ? (relationship?.sp.entityId ?? 'none') : undefined,
      'Signed requests': samlp
        ? samlp.signingCert === undefined
          ? 'not asked for'
          : 'asked for'
        : undefined,
      'Logout URL': samlp?.logout?.callback,
      Signs: relationship
        ? Object.entries(relationship.signs)
            .filter(([, signed]) => signed)
            .map(([element]) => element)
        : undefined,
      Encrypts: relationship ? (relationship.encrypts ? 'yes' : 'no') : undefined,
    })}
    <details class="rest">
      <summary>Everything that is kept of it</summary>
      ${json(client)}
    </details>`;
}
