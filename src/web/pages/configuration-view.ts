/** Settings, attributes and claims, each with the layer that set it and what it was taken from. */
import type { ClaimView, OidcConfigurationView } from '../../login/oidc-configuration-view.js';
import type { SamlConfigurationView, SettingView } from '../../login/saml-configuration-view.js';
import type { Source } from '../../tenant/effects.js';
import { origin, sourceLink, type CallLink } from './call-links.js';
import { html, type Html, type Value } from './html.js';
import { code, layer, shown } from './values.js';

const table = (heads: readonly string[], rows: readonly (readonly Value[])[]): Html =>
  html`<table>
    <thead>
      <tr>
        ${heads.map((head) => html`<th>${head}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (cells) =>
          html`<tr>
            ${cells.map((cell, index) => html`<td data-label="${index === 0 ? null : heads[index]}">${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;

/** A layer, and below it what the value was taken from. */
const layerAndSource = (
  said: string | null,
  from: string | undefined,
  source: Source | undefined,
  linkOf: CallLink,
): Html =>
  html`${layer(said)}
  ${from === undefined ? null : html`<div class="soft">${origin(from, source, linkOf)}</div>`}`;

/** `http://schemas…/claims/` in full, its last word easy to find. */
const attributeName = (name: string): Html => {
  const cut = /^https?:/.test(name) ? name.lastIndexOf('/') + 1 : 0;
  return html`<code
    >${cut > 0 ? html`<span class="soft">${name.slice(0, cut)}</span><wbr />` : null}${name.slice(cut)}</code
  >`;
};
const short = (uri: string | null): string => uri?.split(':').at(-1) ?? 'none';

export function attributesTable({ attributes, leftOut }: SamlConfigurationView, linkOf: CallLink): Html {
  const rows = attributes.map(({ name, nameFormat, values, layer: said, from, source }) => [
    attributeName(name),
    html`<div class="stack">
      ${values.map(({ value, type }) => html`<span>${code(value)} <span class="soft">${type}</span></span>`)}
    </div>`,
    short(nameFormat),
    layerAndSource(said, from, source, linkOf),
  ]);
  return html`${
    rows.length === 0
      ? html`<p>None.</p>`
      : html`<div class="attributes">
          ${table(['Name', 'Values', 'NameFormat', 'Layer and source'], rows)}
        </div>`
  }
  ${
    leftOut.length === 0
      ? null
      : html`<p class="soft small">
          Left out:
          ${leftOut.map(
            ({ name, layer: said, source }) =>
              html`${layer(said)}
                <code>${name}</code> ${source ? html`in ${sourceLink(source, linkOf)} ` : null}`,
          )}
        </p>`
  }`;
}

const settingRow = ([name, setting]: readonly [string, SettingView], linkOf: CallLink): Value[] => [
  html`<code class="setting">${name}</code>`,
  html`${shown(setting.value)} ${certificate(setting)}
  ${setting.overrides?.map(({ layer: said, value }) => html`<div class="soft">instead of ${shown(value)} ${layer(said)}</div>`)}`,
  layerAndSource(setting.layer, setting.from, setting.source, linkOf),
  html`<span class="soft">${setting.effect}</span>`,
];

const certificate = ({ certificate: of }: SettingView): Html | null =>
  of
    ? html`<div class="soft">
        ${of.subject}, until ${of.validTo.slice(0, 10)}<br />SHA-256 <code>${of.fingerprint}</code>
      </div>`
    : null;

const HEADS = ['Setting', 'Value', 'Layer', 'Changes'];

/** What somebody set comes first; what was left alone is folded away, but for defaults that were worked out. */
export function samlSettings({ settings }: SamlConfigurationView, linkOf: CallLink): Html {
  const all = Object.entries(settings);
  const isTold = ([, { layer: said, from, value }]: (typeof all)[number]): boolean =>
    said !== 'default' || (from !== undefined && value !== null && typeof value === 'string');
  const [told, rest] = [all.filter(isTold), all.filter((entry) => !isTold(entry))];
  return html`${table(
      HEADS,
      told.map((entry) => settingRow(entry, linkOf)),
    )}
    <details class="rest">
      <summary>${rest.length} settings that nobody set</summary>
      ${table(
        HEADS,
        rest.map((entry) => settingRow(entry, linkOf)),
      )}
    </details>`;
}

export function oidcSettings(
  { settings, customClaims, scopes }: OidcConfigurationView,
  linkOf: CallLink,
): Html {
  return html`${table(
    HEADS,
    Object.entries(settings).map(([name, { value, layer: said, from, effect, source }]) => [
      html`<code class="setting">${name}</code>`,
      shown(value),
      layerAndSource(said, from, source, linkOf),
      html`<span class="soft">${effect}</span>`,
    ]),
  )}
  ${
    customClaims.length === 0
      ? null
      : html`<h3>Custom claims that were asked for</h3>
          ${table(
            ['Claim', 'Token', 'Value', 'Layer and source'],
            customClaims.map(({ token, name, value, layer: said, from, source }) => [
              html`<code class="setting">${name}</code>`,
              token,
              shown(value),
              layerAndSource(said, from, source, linkOf),
            ]),
          )}`
  }
  ${
    scopes.length === 0
      ? null
      : html`<h3>Scopes</h3>
          ${table(
            ['Scope', 'Is', 'Layer and source'],
            scopes.map(({ scope, granted, layer: said, from, source }) => [
              html`<code>${scope}</code>`,
              granted ? 'added' : 'taken away',
              layerAndSource(said, from, source, linkOf),
            ]),
          )}`
  }`;
}

export const claimsTable = (claims: readonly ClaimView[], linkOf: CallLink): Html =>
  table(
    ['Claim', 'Value', 'Layer and source'],
    claims.map(({ name, value, layer: said, from, source }) => [
      html`<code class="setting">${name}</code>`,
      shown(value),
      layerAndSource(said, from, source, linkOf),
    ]),
  );
