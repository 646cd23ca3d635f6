/** Where a user says who they are; works without scripts. */
import { hiddenFields } from './hidden-fields.js';
import { html, type Html } from './html.js';
import { page } from './page.js';

export interface OfferedUser {
  readonly user_id: string;
  readonly name?: string | undefined;
  readonly email?: string | undefined;
}

export interface LoginForm {
  /** Id of the transaction. */
  readonly state: string;
  /** See `csrfTokenOf`. */
  readonly csrf: string;
  readonly clientName: string;
  /** What was typed, or whom the SP asked for. */
  readonly username?: string | undefined;
  /** Why the last attempt was refused. */
  readonly problem?: string | undefined;
  /** For one click; empty where that is not offered. */
  readonly users: readonly OfferedUser[];
  readonly canCancel: boolean;
}

export const loginPage = (form: LoginForm): string =>
  page(
    `${form.problem === undefined ? '' : 'Not logged in: '}Log in to ${form.clientName}`,
    html`<h1>Log in to ${form.clientName}</h1>
      <p class="soft">${form.clientName} asks who you are. This is an identity provider for tests.</p>
      <div class="login">${passwordForm(form)} ${form.users.length === 0 ? null : oneClick(form)}</div>`,
  );

const carried = ({ state, csrf }: LoginForm): Html =>
  hiddenFields([
    ['state', state],
    ['csrf', csrf],
  ]);

const AUTOFOCUS = html`autofocus`;
const FAULTY = html`aria-invalid="true" aria-describedby="problem"`;

/** Enter presses the first button. A name that is there already leaves the password to be typed. */
function passwordForm(form: LoginForm): Html {
  const { username = '', problem } = form;
  const fault = problem === undefined ? null : FAULTY;
  return html`<form class="entry" action="/login" method="post">
    ${carried(form)}
    ${
      problem === undefined
        ? null
        : html`<div class="box bad" role="alert" id="problem"><p>${problem}</p></div>`
    }
    <label for="username">Username or e-mail address</label>
    <input
      id="username"
      name="username"
      type="text"
      value="${username}"
      autocomplete="username"
      autocapitalize="none"
      spellcheck="false"
      required
      ${username === '' ? AUTOFOCUS : null}
      ${fault}
    />
    <label for="password">Password</label>
    <input
      id="password"
      name="password"
      type="password"
      autocomplete="current-password"
      required
      ${username === '' ? null : AUTOFOCUS}
      ${fault}
    />
    <p class="buttons">
      <button class="primary">Log in</button>
      ${form.canCancel ? html`<button name="action" value="cancel" formnovalidate>Cancel</button>` : null}
    </p>
  </form>`;
}

const oneClick = (form: LoginForm): Html =>
  html`<form class="users" action="/login" method="post" aria-labelledby="one-click">
    ${carried(form)}
    <h2 id="one-click">Or as a user of this tenant</h2>
    <p class="soft small">One click, no password.</p>
    ${form.users.map(userButton)}
  </form>`;

function userButton({ user_id, name, email }: OfferedUser): Html {
  const [title, ...rest] = [name, email, user_id].filter((text) => text !== undefined && text !== '');
  return html`<button name="user_id" value="${user_id}">
    <b>${title}</b> ${rest.length === 0 ? null : html`<span class="soft">${rest[0]}</span>`}
  </button>`;
}
