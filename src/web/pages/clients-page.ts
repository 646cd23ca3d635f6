/** The list of clients, oldest first. */
import type { Client } from '../../tenant/client.js';
import { entityIdOfServiceProvider } from '../../tenant/saml-addon.js';
import { html, type Html } from './html.js';
import { page } from './page.js';
import { code } from './values.js';

export interface ClientsListed {
  readonly items: readonly Client[];
  readonly total: number;
  /** The first is 0. */
  readonly page: number;
  readonly perPage: number;
}

const PATH = '/debug/clients';

export const clientsPage = (listed: ClientsListed): string =>
  page(
    'Clients',
    html`<h1>Clients</h1>
      <p class="soft">
        One line a service provider or relying party. The page of each has what to paste into it.
      </p>
      ${listed.items.length === 0 ? nothing : table(listed.items)} ${pages(listed)}
      <h2>Add one</h2>
      <p>A service provider that publishes metadata needs no typing:</p>
      <pre>${IMPORT}</pre>
      <p class="soft small">
        <code>{"xml": "…"}</code> takes the document itself. Anything else is made by
        <code>POST /api/v2/clients</code>, or in the seed file.
      </p>`,
  );

const IMPORT = `POST /api/clients/import-metadata
{"url": "https://sp.example.test/saml/metadata"}`;

const nothing = html`<p>There is no client yet.</p>`;

const table = (items: readonly Client[]): Html =>
  html`<table>
    <thead>
      <tr>
        <th>Client</th>
        <th>Speaks</th>
        <th>Entity ID</th>
        <th>First callback</th>
      </tr>
    </thead>
    <tbody>
      ${items.map(
        ({ client_id, name, addons: { samlp }, callbacks }) =>
          html`<tr>
            <td>
              <a href="${PATH}/${encodeURIComponent(client_id)}">${name}</a>
              <div class="soft mono">${client_id}</div>
            </td>
            <td class="tight">${samlp ? 'SAML' : 'OIDC'}</td>
            <td data-label="entity ID">${textOf(samlp && entityIdOfServiceProvider(samlp))}</td>
            <td data-label="callback">${textOf(callbacks[0])}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;

const textOf = (text: string | undefined): Html =>
  text === undefined ? html`<span class="soft">none</span>` : code(text);

const pages = ({ page: current, perPage, total }: ClientsListed): Html =>
  html`<p class="contents">
    ${current === 0 ? null : html`<a href="${PATH}?page=${current - 1}">Older</a>`}
    ${(current + 1) * perPage >= total ? null : html`<a href="${PATH}?page=${current + 1}">Newer</a>`}
  </p>`;
