/** A login in a browser, as values: what the browser brings, and what it gets. */
import type { MintmarkError } from '../protocol/mintmark-error.js';
import type { Client } from '../tenant/client.js';
import type { RequestFacts, Transaction } from '../tenant/transaction.js';
import type { User } from '../tenant/user.js';
import type { LoginError } from './login-error.js';
import type { SessionCookie } from './sessions.service.js';

/** What a browser brings along besides the message. */
export interface Browser {
  /** Of the session cookie. */
  readonly sessionToken: string | undefined;
  /** Of the cookie that tells browsers apart before anybody has logged in. */
  readonly browserToken: string | undefined;
  /** Whether a page made it post: then cookies of ours that it has may have stayed behind (SameSite=Lax). */
  readonly isPostOfPage: boolean;
  /** The request itself, as Actions are to see it. */
  readonly request: RequestFacts;
}

/** What the browser gets. */
export type LoginAnswer =
  /** The answer, for the transaction's ACS or redirect URI. `browserToken` is to be set where the browser had none. */
  | {
      readonly kind: 'deliver';
      readonly transaction: Transaction;
      readonly cookie?: SessionCookie;
      readonly browserToken?: string;
    }
  /** It goes to `/login?state=<id>`. */
  | { readonly kind: 'prompt'; readonly transaction: Transaction }
  /** An Action sends it to another page; it comes back to `/continue`. `browserToken` is to be set where it had none. */
  | {
      readonly kind: 'redirect';
      readonly transaction: Transaction;
      readonly url: string;
      readonly cookie?: SessionCookie;
      readonly browserToken?: string;
    }
  /** The login is over, and there is nowhere to bring its answer to: REST began it, or it lets a device in. */
  | {
      readonly kind: 'ended';
      readonly transaction: Transaction;
      readonly cookie?: SessionCookie;
      readonly browserToken?: string;
    }
  /** Its cookies did not come along: it is to come back with them, and with the key to what it brought, by a GET. */
  | { readonly kind: 'come_back'; readonly state: string; readonly key?: string }
  /** There is no address that may hear of it: a page of ours says what is wrong. */
  | { readonly kind: 'refuse'; readonly transaction: Transaction | null; readonly error: MintmarkError };

/** What the login page is made of. */
export interface LoginPrompt {
  readonly kind: 'page';
  readonly transaction: Transaction;
  readonly client: Client | null;
  readonly browserToken: string;
  /** To be set, where the browser had none. */
  readonly isNewBrowser: boolean;
  /** Whether the browser may be sent to a page of others from here: by an Action, or with the answer. */
  readonly leadsAway: boolean;
  /** For one click; empty unless the tenant allows it. */
  readonly users: readonly User[];
}

/** The page once more, with what is wrong: the same for a wrong password, an unknown user and a blocked one. */
export interface WrongCredentials {
  readonly kind: 'wrong';
  readonly prompt: LoginPrompt;
  /** As it was typed; left out where none was. */
  readonly username?: string;
  /** `credentials_refused`, `too_many_attempts`. */
  readonly error: LoginError;
}

/** What the login form was filled in with. */
export type Credentials =
  { readonly username: string; readonly password: string } | { readonly userId: string };
