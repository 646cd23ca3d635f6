import { html, type Html } from './html.js';

/** In the given order. */
export const hiddenFields = (fields: readonly (readonly [name: string, value: string])[]): Html =>
  html`${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}`;
