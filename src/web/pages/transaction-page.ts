/** One transaction: how it ended, how its artefacts verify, what they say, and why. */
import { switchedBy, switchOf, type Suspension } from '../../login/action-sources.js';
import type { Inspection, JwtInspection, OpaqueTokenInspection } from '../../login/inspection.js';
import type { OidcConfigurationView } from '../../login/oidc-configuration-view.js';
import type { SamlConfigurationView } from '../../login/saml-configuration-view.js';
import type { ResponseSummary } from '../../protocol/saml/summary.js';
import type { AuthorizationResult, Transaction } from '../../tenant/transaction.js';
import { actionsView } from './actions-view.js';
import { callLinks, origin, sourceLink, type CallLink } from './call-links.js';
import { attributesTable, claimsTable, oidcSettings, samlSettings } from './configuration-view.js';
import { folding } from './folding.js';
import { html, type Html } from './html.js';
import { page } from './page.js';
import { timelineView } from './timeline-view.js';
import { protocolName, userOf } from './transactions-page.js';
import { code, facts, instant, json, layer, status } from './values.js';
import { transcript, verdict } from './verification-view.js';
import { xmlView } from './xml-view.js';

interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: Html;
}

export function transactionPage({
  transaction,
  inspection,
}: {
  readonly transaction: Transaction;
  readonly inspection: Inspection;
}): string {
  const linkOf = callLinks(inspection.actions);
  const sections = [
    ...(transaction.protocol === 'samlp'
      ? samlSections(transaction, inspection, linkOf)
      : oidcSections(inspection, linkOf)),
    requestSection(inspection),
    ...httpSections(inspection),
    ...userSections(inspection, linkOf),
    ...(inspection.actions.length > 0
      ? [{ id: 'actions', title: 'Actions', content: actionsView(inspection.actions) }]
      : []),
    { id: 'timeline', title: 'Timeline', content: timelineView(inspection, linkOf) },
  ];
  return page(
    `${transaction.status}: ${userOf(transaction)}`,
    html`<h1>${userOf(transaction)} → ${transaction.clientId ?? 'an unknown client'}</h1>
      <ul class="facts">
        <li>${status(transaction.status)}</li>
        <li>${protocolName(transaction)}</li>
        <li>created <b>${instant(transaction.createdAt)}</b></li>
        ${transaction.now === null ? null : html`<li>its clock <b>${instant(transaction.now)}</b></li>`}
        ${transaction.seed === null ? null : html`<li>seed <b>${transaction.seed}</b></li>`}
        <li><b class="mono">${transaction.id}</b></li>
      </ul>
      ${outcome(inspection)} ${warnings(inspection)} ${dropped(inspection, linkOf)}
      <nav class="contents" aria-label="On this page">
        ${sections.map(({ id, title }) => html`<a href="#${id}">${title}</a>`)}
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

/** First what a person came for: why it went wrong, or that it did not. */
function outcome({ transaction, reason, failure, saml, tokens, suspended, authorization }: Inspection): Html {
  if (failure)
    return html`<div class="box bad">
      <p><strong>Failed.</strong> ${failure.detail}</p>
      <p class="small">
        <code>${failure.code}</code>${failure.cause === undefined ? null : html`, ${failure.cause}`}
      </p>
      ${failure.errors?.map(
        ({ pointer, detail }) => html`<p class="small"><code>${pointer}</code> ${detail}</p>`,
      )}
    </div>`;
  if (transaction['status'] === 'denied')
    return html`<div class="box bad">
      <p><strong>Denied.</strong> ${reason}</p>
    </div>`;
  if (suspended) return away(suspended, transaction['redirect']);
  const verdicts = [
    ...(authorization
      ? [
          html`<div class="box good">
            <p>Answered at <code>${authorization.redirectUri}</code> (${authorization.responseMode}).</p>
          </div>`,
        ]
      : []),
    ...(saml ? [verdict('The response', saml.verification)] : []),
    ...Object.entries({ 'The ID token': tokens.id_token, 'The access token': tokens.access_token }).flatMap(
      ([subject, token]) => (token && 'verification' in token ? [verdict(subject, token.verification)] : []),
    ),
  ];
  return verdicts.length > 0
    ? html`${verdicts}`
    : html`<div class="box"><p>Nothing has been issued yet. What is shown is what would be.</p></div>`;
}

/** Whoever has the whole address can go on with the login; it is told to operators only, who read this page. */
function away({ by, to, since, expires_at }: Suspension, redirect: unknown): Html {
  const url = (redirect as { readonly url?: unknown } | undefined)?.url;
  return html`<div class="box">
    <p>
      <strong>Suspended.</strong> The Action ${code(by)} sent the browser
      away${since === null ? null : html` at ${instant(since)}`}.
    </p>
    ${to === null ? null : html`<div>${folding(to)}</div>`}
    <p>
      It can come back until
      ${instant(expires_at)}.${typeof url === 'string' && /^https?:/.test(url) ? html` <a href="${url}" rel="noreferrer">Go on there</a>` : null}
    </p>
    <p class="soft small">
      Nothing has been issued yet. What is shown is what would be, with what its Actions asked for so far.
    </p>
  </div>`;
}

const warnings = ({ warnings: all }: Inspection): Html | null =>
  all.length === 0
    ? null
    : html`<div class="box warn">
        ${all.map(({ code: name, detail }) => html`<p>${detail} <code class="soft small">${name}</code></p>`)}
      </div>`;

const dropped = ({ droppedClaims }: Inspection, linkOf: CallLink): Html | null =>
  droppedClaims.length === 0
    ? null
    : html`<div class="box warn">
        <p><strong>Claims that did not reach their token</strong></p>
        ${droppedClaims.map(
          ({ token, claim, reason, source }) =>
            html`<p>
              ${code(claim)} of the ${token}${source ? html`, set in ${sourceLink(source, linkOf)}` : null}:
              ${reason}
            </p>`,
        )}
      </div>`;

function samlSections(
  transaction: Transaction,
  { saml, configuration }: Inspection,
  linkOf: CallLink,
): Section[] {
  const view = configuration as SamlConfigurationView;
  const address = `/debug/transactions/${encodeURIComponent(transaction.id)}`;
  const issued = saml !== null && saml.assertionXml !== null;
  return [
    ...(saml
      ? [
          {
            id: 'verification',
            title: 'Verification',
            content: transcript(saml.verification),
          },
          { id: 'summary', title: 'Summary', content: summaryFacts(saml.summary) },
        ]
      : []),
    {
      id: 'attributes',
      title: issued ? 'Subject and attributes' : 'Subject and attributes, had it been issued',
      content: html`<h3>NameID</h3>
        ${nameIdFacts(view, linkOf)}
        <h3>Attributes</h3>
        ${attributesTable(view, linkOf)}`,
    },
    { id: 'configuration', title: 'Configuration', content: samlSettings(view, linkOf) },
    ...(saml
      ? [
          {
            id: 'response',
            title: 'Response',
            content: html`${xmlView('response.xml', saml.xml, `${address}/response.xml`)}`,
          },
        ]
      : []),
    ...(saml?.summary.encrypted && saml.assertionXml !== null
      ? [
          {
            id: 'assertion',
            title: 'Assertion before encryption',
            content: xmlView('assertion.xml', saml.assertionXml, `${address}/assertion.xml`),
          },
        ]
      : []),
  ];
}

function nameIdFacts({ nameId }: SamlConfigurationView, linkOf: CallLink): Html {
  if (nameId.value === null) return html`<p>${nameId.reason}</p>`;
  const { value, layer: said, from, source, probe, format } = nameId;
  // of a value that no Action set, it set the probes
  const isOfValue = from.startsWith('api.');
  return html`<p>${code(value)}</p>
    <p class="soft small">
      ${layer(said)} from ${isOfValue ? origin(from, source, linkOf) : from}, which answers the probe
      <code>${probe}</code
      >${source && !isOfValue ? html` of the probes that were set in ${sourceLink(source, linkOf)}` : null};
      format <code>${format}</code>
    </p>`;
}

const summaryFacts = (summary: ResponseSummary): Html =>
  facts({
    Status: [summary.status.code, summary.status.subCode].filter((part) => part !== undefined),
    Message: summary.status.message,
    Issuer: summary.issuer,
    Destination: summary.destination,
    Recipient: summary.recipient,
    Audience: summary.audiences,
    InResponseTo: summary.inResponseTo,
    NotBefore: summary.conditions.notBefore,
    NotOnOrAfter: summary.conditions.notOnOrAfter,
    AuthnInstant: summary.authnInstant,
    AuthnContextClassRef: summary.authnContextClassRef,
    SessionIndex: summary.sessionIndex,
    SessionNotOnOrAfter: summary.sessionNotOnOrAfter,
    Signed: Object.entries(summary.signed)
      .filter(([, signed]) => signed)
      .map(([element]) => element),
    Encrypted: summary.encrypted ? 'yes' : 'no',
  });

function oidcSections({ tokens, configuration, authorization }: Inspection, linkOf: CallLink): Section[] {
  return [
    ...(authorization ? [answerSection(authorization)] : []),
    ...(tokens.id_token
      ? [{ id: 'id-token', title: 'ID token', content: tokenContent(tokens.id_token, linkOf) }]
      : []),
    ...(tokens.access_token
      ? [{ id: 'access-token', title: 'Access token', content: tokenContent(tokens.access_token, linkOf) }]
      : []),
    {
      id: 'configuration',
      title: 'Configuration',
      content: oidcSettings(configuration as OidcConfigurationView, linkOf),
    },
  ];
}

/** What /authorize answered; the tokens in it are shown by themselves. */
const answerSection = ({ redirectUri, responseMode, parameters }: AuthorizationResult): Section => ({
  id: 'answer',
  title: 'Answer',
  content: facts({ 'Redirect URI': redirectUri, 'Response mode': responseMode, ...parameters }),
});

const tokenContent = (token: JwtInspection | OpaqueTokenInspection, linkOf: CallLink): Html =>
  token.jwt === null
    ? html`<p>${token.detail}</p>
        <p>${code(token.opaque)}</p>`
    : html`${transcript(token.verification)}
        <h3>Claims</h3>
        ${claimsTable(token.claims, linkOf)}
        <h3>Header</h3>
        ${json(token.header)}
        <h3>Payload</h3>
        ${json(token.payload)}
        <h3>On the wire</h3>
        <pre>${token.jwt}</pre>`;

/** A request that came and could not be read is told from none. */
const CAME_BY: ReadonlySet<unknown> = new Set(['HTTP-Redirect', 'HTTP-POST']);
const whyNone = ({ timeline }: Inspection): string =>
  timeline.some(({ name, detail }) => name === 'request.received' && CAME_BY.has(detail?.['by']))
    ? 'None that could be read: what came is no AuthnRequest.'
    : 'There was none: the login began here (IdP-initiated).';

function requestSection(inspection: Inspection): Section {
  const { request } = inspection;
  const title = 'Request';
  if (!('acsUrl' in request)) return { id: 'request', title, content: facts({ ...request }) };
  const { authnRequest, SAMLRequest, acsUrl, RelayState, query } = request;
  if (!authnRequest) {
    // what could not be taken apart is seen in the query at least
    const sent = SAMLRequest ?? query;
    return {
      id: 'request',
      title,
      content: html`<p>${whyNone(inspection)}</p>
        ${facts({ 'ACS URL': acsUrl, RelayState })}
        ${
          sent === undefined
            ? null
            : html`<h3>As sent</h3>
                <pre>${sent}</pre>`
        }`,
    };
  }
  const { xml, ...read } = authnRequest;
  return {
    id: 'request',
    title,
    content: html`${facts({ 'ACS URL': acsUrl, RelayState, ...read })} ${xmlView('AuthnRequest', xml)}
      <h3>As sent</h3>
      <pre>${SAMLRequest}</pre>`,
  };
}

/** What the browser, or whoever called the API, sent along. */
function httpSections({ http }: Inspection): Section[] {
  if (!http) return [];
  const { ip, method, userAgent, language, query, body } = http;
  const content = html`${facts({
    Address: ip,
    Method: method,
    'User agent': userAgent,
    Languages: language,
    ...(Object.keys(query).length > 0 && { Query: query }),
    ...(Object.keys(body).length > 0 && { Form: body }),
  })}`;
  return [{ id: 'http', title: 'HTTP request', content }];
}

/** Nobody logs in where a client asks for itself. */
function userSections({ user, timeline, transaction }: Inspection, linkOf: CallLink): Section[] {
  if (transaction['protocol'] === 'client_credentials') return [];
  const source = switchOf({ timeline });
  const content = html`${source ? html`<p>Another user logged in: ${origin(switchedBy(source), source, linkOf)}.</p>` : null}
  ${json(user)}`;
  return [{ id: 'user', title: 'User', content }];
}
