/** Off loopback the control pages ask for the admin token; a browser cannot send a header by itself, so it is asked for once. */
import { hiddenFields } from './hidden-fields.js';
import { html } from './html.js';
import { page } from './page.js';

export interface OperatorForm {
  /** Where to go then: a path of ours. */
  readonly next: string;
  /** Why the last attempt was refused. */
  readonly problem?: string | undefined;
}

export const operatorPage = ({ next, problem }: OperatorForm): string =>
  page(
    'Admin token',
    html`<h1>Admin token</h1>
      <p>
        This server does not listen on loopback, so it shows what it keeps to those who know its admin token:
        the one that the first start printed, or <code>MINTMARK_ADMIN_TOKEN</code>.
      </p>
      <form class="entry" action="/operator" method="post">
        ${hiddenFields([['next', next]])}
        ${problem === undefined ? null : html`<div class="box bad" role="alert" id="problem"><p>${problem}</p></div>`}
        <input type="text" name="username" value="admin" autocomplete="username" hidden />
        <label for="token">Admin token</label>
        <input
          id="token"
          name="token"
          type="password"
          autocomplete="current-password"
          required
          autofocus
          ${problem === undefined ? null : html`aria-invalid="true" aria-describedby="problem"`}
        />
        <p class="buttons"><button class="primary">Go on</button></p>
      </form>
      <p class="soft small">Programs send it as <code>Authorization: Bearer …</code></p>`,
  );
