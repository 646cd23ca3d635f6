/** The first page: what this is, where to go, and one line that issues something. */
import { html } from './html.js';
import { page } from './page.js';

export interface Home {
  readonly version: string;
  readonly baseUrl: string;
}

/** `name` is for programs. */
export const HOME_LINKS = [
  {
    name: 'transactions',
    path: '/debug/transactions',
    title: 'Transactions',
    what: 'every login, how its artefacts verify, and where each value came from',
  },
  {
    name: 'demo',
    path: '/demo/sp',
    title: 'Demo service provider',
    what: 'a SAML login in the browser, before your own service provider is ready',
  },
  {
    name: 'clients',
    path: '/debug/clients',
    title: 'Clients',
    what: 'what to paste into each service provider or application, with ready settings',
  },
  { name: 'docs', path: '/docs', title: 'API', what: 'what can be called, to be tried out in the browser' },
  {
    name: 'openid_configuration',
    path: '/.well-known/openid-configuration',
    title: 'OpenID configuration',
    what: 'what relying parties read first',
  },
  {
    name: 'jwks',
    path: '/.well-known/jwks.json',
    title: 'Keys',
    what: 'the public halves, to verify tokens with',
  },
  {
    name: 'health',
    path: '/health',
    title: 'Health',
    what: 'whether it is ready, for scripts and balancers',
  },
] as const;

/** For the demo tenant; the profile stands in the line, so no user need be there. */
const curl = (baseUrl: string): string =>
  [
    `curl ${baseUrl}/api/transactions -H 'content-type: application/json' -d '{`,
    '  "protocol": "samlp", "client_id": "demo-sp", "complete": true,',
    '  "user": {"user_id": "auth0|alice", "email": "alice@example.test", "name": "Alice Minter"}',
    `}'`,
  ].join('\n');

export const homePage = ({ version, baseUrl }: Home): string =>
  page(
    'A programmable identity provider for tests',
    html`<h1>Mintmark</h1>
      <p>
        A programmable identity provider for tests. It takes a login, issues the signed SAML response or the
        JWTs that you describe, and shows every byte of them and why it is there.
      </p>
      <p class="soft">A mint mark on a coin names the mint that struck it; ours is the signature.</p>
      <h2>Log in</h2>
      <p>
        <a class="button primary" href="/demo/sp">Try a SAML login</a>
      </p>
      <p class="soft small">
        A service provider that comes along. For your own, and for applications of OpenID Connect,
        <a href="/debug/clients">a page for each client</a> has what to paste into it. Their issuer is
        <code>${baseUrl}/</code>.
      </p>
      <h2>Issue something</h2>
      <pre>${curl(baseUrl)}</pre>
      <p class="soft small">
        <code>demo-sp</code> is a client of the demo tenant; put one of yours in its place. Then look at
        <a href="/debug/transactions">the transactions</a>: it is the first.
      </p>
      <h2>Look around</h2>
      <ul class="plain">
        ${HOME_LINKS.map(
          ({ path, title, what }) =>
            html`<li><a href="${path}">${title}</a> <span class="soft">${what}</span></li>`,
        )}
      </ul>
      <p class="soft small">Version ${version}, at ${baseUrl}</p>`,
  );
