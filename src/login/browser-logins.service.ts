import { Injectable } from '@nestjs/common';
import type { MintmarkError } from '../protocol/mintmark-error.js';
import { ClientStore } from '../storage/client-store.js';
import { TransactionStore } from '../storage/transaction-store.js';
import { UserStore } from '../storage/user-store.js';
import type { Client } from '../tenant/client.js';
import { sessionIdOf } from '../tenant/session.js';
import type { TenantSettings } from '../tenant/tenant-settings.js';
import type { Transaction } from '../tenant/transaction.js';
import type { User } from '../tenant/user.js';
import { isRunning } from './actions/actions-part.js';
import {
  continuationOf,
  continued,
  returnOf,
  transactionIdIn,
  wasEndedMeanwhile,
  withReceived,
} from './actions/continuation.js';
import { advance, cancel, fail } from './advance.js';
import { AuthenticationService, type Authentication } from './authentication.service.js';
import { isDeliverable } from './authorization-result.js';
import { autoLoginAt, autoLoginUnusable, isUsable } from './auto-login.js';
import type { Browser, Credentials, LoginAnswer, LoginPrompt, WrongCredentials } from './browser-login.js';
import type { Circumstances, Tenant } from './circumstances.js';
import { CircumstancesService } from './circumstances.service.js';
import { issuedBy } from './issued-grant.js';
import { loggedIn, participantOf, type AuthenticatedBy } from './logged-in.js';
import { LoginError } from './login-error.js';
import { isFinished } from './next-step.js';
import {
  anotherUsers,
  loginGoingOn,
  loginOver,
  refusedBefore,
  requireOpen,
  requireSameBrowser,
} from './open-login.js';
import { outrun } from './outrun-device.js';
import { Clock, Randomness } from './ports.js';
import { Retention } from './retention.service.js';
import { SessionsService, type LiveSession, type SessionCookie } from './sessions.service.js';
import { TenantService } from './tenant.service.js';
import { withEvent } from './transaction-settings.js';
import { TransactionsService } from './transactions.service.js';
import { isSessionUsable, notAuthenticated, notPassively, wishesOf } from './wishes.js';

/** A login that nobody finished is over after so long. */
const LONGEST_LOGIN_MS = 3_600_000;
/** After so many refusals the SP is told that nobody could be authenticated. */
const MOST_REFUSALS = 20;
const USERS_OFFERED = 12;
/** No token has this digest. */
const NOBODYS = '';

/** Logins that a browser brings, whatever the protocol: who logs in, by a session or by the page, and what the browser gets then. */
@Injectable()
export class BrowserLoginsService {
  constructor(
    private readonly store: TransactionStore,
    private readonly clients: ClientStore,
    private readonly users: UserStore,
    private readonly transactions: TransactionsService,
    private readonly tenants: TenantService,
    private readonly circumstances: CircumstancesService,
    private readonly sessions: SessionsService,
    private readonly authentication: AuthenticationService,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
    private readonly retention: Retention,
  ) {}

  /** Stores a transaction that has just begun, at its end where nobody needs to be asked. */
  async begin(
    transaction: Transaction,
    client: Client,
    { browser, cameByPost }: { readonly browser: Browser; readonly cameByPost: boolean },
    tenant: Tenant,
    circumstances: Circumstances,
  ): Promise<LoginAnswer> {
    const userId = autoLoginAt(client, tenant.settings);
    if (userId !== undefined && !browser.isPostOfPage)
      return this.#autoLogin(transaction, userId, browser, tenant, circumstances);
    // a session cookie does not come along on a post from another site; on the redirect that follows it does
    if (cameByPost) return this.#prompt(transaction);
    return this.#goOn(transaction, browser, tenant, circumstances);
  }

  /** Keeps the failed login, and tells whoever asked for it where there is an address for that. */
  async refuse(
    transaction: Transaction,
    error: MintmarkError,
    circumstances: Circumstances,
  ): Promise<LoginAnswer> {
    const failed = fail(transaction, error, circumstances);
    await this.#insert(failed);
    return answerTo(failed, error);
  }

  /** What `GET /login?state=` shows: the page, or the Response where a session is there. Throws LoginError where it cannot go on. */
  async resume(id: string, browser: Browser): Promise<LoginAnswer | LoginPrompt> {
    const tenant = await this.tenants.current();
    const transaction = await this.#ofBrowser(id, browser);
    if (isFinished(transaction)) return refusedBefore(transaction);
    if (isRunning(transaction, this.clock.now())) throw loginGoingOn();
    // it was left by its page once, and goes on where it went
    if (transaction.status === 'suspended') return this.#answer(transaction, browser, tenant);
    const client = await this.#clientOf(transaction);
    const userId = autoLoginAt(client, tenant.settings);
    if (userId !== undefined) return this.#resumeAutoLogin(transaction, userId, browser, tenant);
    const live = await this.#usableSession(transaction, browser, tenant.settings);
    if (live)
      return this.#finish(id, browser, tenant, (open, token) => {
        requireOpen(open, token, live.user.user_id);
        return this.#bound(this.#withSession(open, live), token, tenant);
      });
    if (wishesOf(transaction).isPassive) return this.#fail(id, notPassively(transaction));
    const browserToken = browser.browserToken ?? this.#newBrowserToken();
    const bound = await this.#bind(transaction, browserToken);
    return this.#page(bound, browserToken, browser.browserToken === undefined, tenant);
  }

  /** What the form of the login page asks for. `wrong` shows the page again. Throws LoginError where the login cannot go on. */
  async submit(
    id: string,
    credentials: Credentials,
    browser: Browser,
    address: string,
  ): Promise<LoginAnswer | WrongCredentials> {
    const tenant = await this.tenants.current();
    const transaction = await this.#ofBrowser(id, browser);
    if (isFinished(transaction)) return refusedBefore(transaction);
    const oneClick = 'userId' in credentials;
    if (oneClick && !tenant.settings.one_click_login)
      throw new LoginError('login_form_stale', 'The tenant does not offer logins by one click any more.');
    let outcome: Authentication;
    try {
      outcome = oneClick
        ? await this.authentication.byOneClick(credentials.userId)
        : await this.authentication.byPassword(credentials.username, credentials.password, address);
    } catch (error) {
      if (!(error instanceof LoginError)) throw error;
      const prompt = await this.#page(transaction, browser.browserToken!, false, tenant);
      return { kind: 'wrong', prompt, error, ...typedIn(credentials) };
    }
    if (outcome.user === null) {
      return this.#refuseUser(id, credentials, outcome.why, browser, tenant);
    }
    if (transaction.status === 'suspended') {
      if (transaction.userId !== outcome.user.user_id) throw anotherUsers();
      return this.#answer(transaction, browser, tenant);
    }
    return this.#logIn(
      transaction,
      outcome.user,
      oneClick ? 'one_click' : 'password',
      browser,
      tenant,
      outcome.provedAt,
    );
  }

  /** The user does not want to log in: the SP is told so (SAML Core 3.2.2.2, AuthnFailed). */
  async cancel(id: string, browser: Browser): Promise<LoginAnswer> {
    const pending = await this.#ofBrowser(id, browser);
    if (isFinished(pending)) return refusedBefore(pending);
    const circumstances = this.circumstances.of(await this.tenants.current());
    const transaction = await this.#change(id, (open) =>
      cancel(open, 'The user cancelled the login.', circumstances),
    );
    return overWith(transaction);
  }

  /** A login of this very browser. Throws LoginError. */
  async #ofBrowser(id: string, { browserToken }: Browser): Promise<Transaction> {
    const transaction = await this.store.get(id);
    if (!transaction?.browser)
      throw new LoginError(
        'login_not_found',
        'There is no such login: the address may be cut off, or the login so old that it was deleted. Start again at the application.',
      );
    requireSameBrowser(transaction.browser, browserToken);
    if (
      !isFinished(transaction) &&
      this.clock.now().getTime() - Date.parse(transaction.createdAt) > LONGEST_LOGIN_MS
    )
      throw new LoginError(
        'login_expired',
        'This login was begun more than an hour ago. Start again at the application.',
      );
    return transaction;
  }

  /** At the first request of a login the session decides, or the login page must. */
  async #goOn(
    transaction: Transaction,
    browser: Browser,
    tenant: Tenant,
    circumstances: Circumstances,
  ): Promise<LoginAnswer> {
    const live = await this.#usableSession(transaction, browser, tenant.settings);
    if (live) {
      const token = browser.browserToken ?? this.#newBrowserToken();
      const begun = this.#bound(this.#withSession(transaction, live), token, tenant);
      const ended = await this.#inserted(await advance(begun, circumstances), circumstances);
      return this.#answer(ended, browser, tenant, { browserToken: token });
    }
    if (wishesOf(transaction).isPassive)
      return this.refuse(transaction, notPassively(transaction), circumstances);
    return this.#prompt(transaction);
  }

  async #prompt(transaction: Transaction): Promise<LoginAnswer> {
    await this.#insert(transaction);
    return { kind: 'prompt', transaction };
  }

  async #autoLogin(
    transaction: Transaction,
    userId: string,
    browser: Browser,
    tenant: Tenant,
    circumstances: Circumstances,
  ): Promise<LoginAnswer> {
    const user = await this.users.get(userId);
    if (!isUsable(user)) return this.refuse(transaction, autoLoginUnusable(userId, user), circumstances);
    const previous = await this.sessions.live(browser.sessionToken, tenant.settings);
    const { session, cookie } = await this.sessions.begin(user, previous, tenant.settings);
    const token = browser.browserToken ?? this.#newBrowserToken();
    const begun = loggedIn(transaction, {
      user,
      by: 'auto_login',
      sessionId: session.id,
      authenticatedAt: session.authenticatedAt,
      at: circumstances.at,
    });
    const ended = await this.#inserted(
      await advance(this.#bound(begun, token, tenant), circumstances),
      circumstances,
    );
    return this.#answer(ended, browser, tenant, { browserToken: token, cookie });
  }

  /** The same after the redirect that a page's post goes through, by which cookies come along. */
  async #resumeAutoLogin(
    transaction: Transaction,
    userId: string,
    browser: Browser,
    tenant: Tenant,
  ): Promise<LoginAnswer> {
    const user = await this.users.get(userId);
    return isUsable(user)
      ? this.#logIn(transaction, user, 'auto_login', browser, tenant)
      : this.#fail(transaction.id, autoLoginUnusable(userId, user));
  }

  async #logIn(
    transaction: Transaction,
    user: User,
    by: AuthenticatedBy,
    browser: Browser,
    tenant: Tenant,
    provedAt?: Date,
  ): Promise<LoginAnswer> {
    const previous = await this.sessions.live(browser.sessionToken, tenant.settings);
    const { session, cookie } = await this.sessions.begin(user, previous, tenant.settings, provedAt);
    try {
      return await this.#finish(
        transaction.id,
        browser,
        tenant,
        (open, token) => {
          requireOpen(open, token, user.user_id);
          const { authenticatedAt } = session;
          const at = this.clock.now();
          return this.#bound(
            loggedIn(open, { user, by, sessionId: session.id, authenticatedAt, at }),
            token,
            tenant,
          );
        },
        cookie,
      );
    } catch (error) {
      // somebody else ended the login meanwhile, and no browser will know of this session
      if (cookie) await this.sessions.discard(session.id);
      throw error;
    }
  }

  /** Runs the steps of a stored transaction, to its end or to where an Action sends the browser away. */
  async #finish(
    id: string,
    browser: Browser,
    tenant: Tenant,
    step: (open: Transaction, browserToken: string) => Transaction,
    cookie?: SessionCookie,
  ): Promise<LoginAnswer> {
    const browserToken = browser.browserToken ?? this.#newBrowserToken();
    const run = this.transactions.run(id, (open) => step(open, browserToken), participantOf);
    return this.#answer(await told(id, run), browser, tenant, { browserToken, cookie });
  }

  /** An Action may send the browser away, and then no other may come back. */
  #bound(transaction: Transaction, browserToken: string, tenant: Tenant): Transaction {
    if (tenant.triggers['post-login'].length === 0 || (transaction.browser?.digest ?? null) !== null)
      return transaction;
    const digest = sessionIdOf(browserToken);
    return { ...transaction, browser: { sessionId: null, refusals: 0, ...transaction.browser, digest } };
  }

  async #answer(
    transaction: Transaction,
    browser: Browser,
    tenant: Tenant,
    given: { readonly browserToken?: string; readonly cookie?: SessionCookie | undefined } = {},
  ): Promise<LoginAnswer> {
    const kept = await this.#sessionCookie(transaction, browser, tenant, given.cookie);
    const { browserToken } = given;
    const isNewBrowser =
      browser.browserToken === undefined &&
      browserToken !== undefined &&
      transaction.browser?.digest === sessionIdOf(browserToken);
    const cookies = { ...(kept && { cookie: kept }), ...(isNewBrowser && { browserToken }) };
    const continuation = transaction.status === 'suspended' ? transaction.actions?.continuation : null;
    if (continuation)
      return {
        kind: 'redirect',
        transaction,
        url: continuation.url,
        ...cookies,
      };
    if (!isDeliverable(transaction)) return { kind: 'ended', transaction, ...cookies };
    return { kind: 'deliver', transaction, ...cookies };
  }

  /** An Action may change how long the browser keeps the cookie it has (`api.session.setCookieMode`). */
  async #sessionCookie(
    { actions, browser }: Transaction,
    { sessionToken }: Browser,
    { settings }: Tenant,
    cookie: SessionCookie | undefined,
  ): Promise<SessionCookie | undefined> {
    const mode = actions?.cookieMode;
    if (mode === undefined) return cookie;
    const token = cookie?.token ?? sessionToken;
    // the browser may have another session by now, and REST's logins have none of a browser
    if (token === undefined || sessionIdOf(token) !== browser?.sessionId) return cookie;
    if (mode === 'non-persistent') return { token, expiresAt: null };
    const live = await this.sessions.live(token, settings);
    return live ? { token, expiresAt: new Date(live.session.expiresAt) } : cookie;
  }

  /**
   * The browser is back from where an Action sent it, with the `state` it was given. Throws LoginError `continue_state_invalid`,
   * `login_elsewhere`, `login_expired`.
   */
  async continue(state: string, browser: Browser, receivedKey?: string): Promise<LoginAnswer> {
    const id = transactionIdIn(state);
    const transaction = id === null ? null : await this.store.get(id);
    const at = this.clock.now();
    const isOver = transaction !== null && wasEndedMeanwhile(transaction, state);
    if (!isOver) continuationOf(transaction, state, at);
    const begunIn = transaction!.browser;
    if (browser.isPostOfPage && browser.browserToken === undefined && begunIn) {
      if (isOver) return { kind: 'come_back', state };
      const key = this.#newBrowserToken();
      await this.#change(id!, (open) =>
        withReceived(open, continuationOf(open, state, at), browser.request, key),
      );
      return { kind: 'come_back', state, key };
    }
    // REST began it where there is no part of a browser: then whoever has the state goes on
    if (begunIn) requireSameBrowser({ ...begunIn, digest: begunIn.digest ?? NOBODYS }, browser.browserToken);
    if (isOver)
      return transaction.result === null ? { kind: 'ended', transaction } : refusedBefore(transaction);
    const tenant = await this.tenants.current();
    const sessionId = begunIn?.sessionId ?? null;
    if (sessionId !== null && !(await this.sessions.liveById(sessionId, tenant.settings)))
      return this.#fail(
        id!,
        notAuthenticated(transaction!, 'the session ended while its user was at another page'),
      );
    return this.#finish(id!, browser, tenant, (open) => {
      const continuation = continuationOf(open, state, at);
      return continued(open, continuation, returnOf(continuation, browser.request, receivedKey), at);
    });
  }

  async #fail(id: string, error: MintmarkError): Promise<LoginAnswer> {
    const circumstances = this.circumstances.of(await this.tenants.current());
    const transaction = await this.#change(id, (open) => fail(open, error, circumstances));
    return answerTo(transaction, error);
  }

  async #refuseUser(
    id: string,
    credentials: Credentials,
    why: string,
    browser: Browser,
    tenant: Tenant,
  ): Promise<LoginAnswer | WrongCredentials> {
    const circumstances = this.circumstances.of(tenant);
    const named = 'userId' in credentials ? credentials.userId : credentials.username;
    const noted = await this.#change(id, (open) => {
      const refusals = (open.browser?.refusals ?? 0) + 1;
      const seen = withEvent(
        { ...open, browser: { digest: null, sessionId: null, ...open.browser, refusals } },
        {
          name: 'user.refused',
          at: circumstances.at.toISOString(),
          detail: { username: named.slice(0, 256), why },
        },
      );
      if (refusals < MOST_REFUSALS) return { ...seen, revision: open.revision + 1 };
      const error = notAuthenticated(open, `the login was refused ${refusals} times`);
      return fail(seen, error, circumstances);
    });
    if (isFinished(noted)) return overWith(noted);
    const token = browser.browserToken!;
    return {
      kind: 'wrong',
      prompt: await this.#page(noted, token, false, tenant),
      error: new LoginError('credentials_refused', 'That username and password do not belong together.'),
      ...typedIn(credentials),
    };
  }

  async #page(
    transaction: Transaction,
    browserToken: string,
    isNewBrowser: boolean,
    { settings, triggers }: Tenant,
  ): Promise<LoginPrompt> {
    const [client, users] = await Promise.all([
      this.#clientOf(transaction),
      settings.one_click_login ? this.users.list({ page: 0, perPage: USERS_OFFERED }) : { items: [] },
    ]);
    const offered = users.items.filter(({ blocked }) => blocked !== true);
    const leadsAway = triggers['post-login'].length > 0 || transaction.oidc?.request !== undefined;
    return { kind: 'page', transaction, client, browserToken, isNewBrowser, leadsAway, users: offered };
  }

  /** From the first page on the login belongs to this browser; of several that ask at once, to the first. */
  #bind(transaction: Transaction, browserToken: string): Promise<Transaction> | Transaction {
    if ((transaction.browser?.digest ?? null) !== null) return transaction;
    const digest = sessionIdOf(browserToken);
    return this.#change(transaction.id, (open) => {
      requireSameBrowser(open.browser, browserToken);
      return {
        ...open,
        browser: { sessionId: null, refusals: 0, ...open.browser, digest },
        revision: open.revision + 1,
      };
    });
  }

  /** As `TransactionsService.change`; that somebody else ended the login meanwhile is told in words for its user. */
  #change(...change: Parameters<TransactionsService['change']>): Promise<Transaction> {
    return told(change[0], this.transactions.change(...change));
  }

  #clientOf({ clientId }: Transaction): Promise<Client | null> | null {
    return clientId === null ? null : this.clients.get(clientId);
  }

  /** The session of the browser, unless the user is to authenticate afresh, or another one is wanted. */
  async #usableSession(
    transaction: Transaction,
    { sessionToken }: Browser,
    settings: TenantSettings,
  ): Promise<LiveSession | null> {
    if (wishesOf(transaction).forceAuthn) return null;
    const live = await this.sessions.live(sessionToken, settings);
    return live && isSessionUsable(transaction, live, this.clock.now()) ? live : null;
  }

  #withSession(transaction: Transaction, { session, user }: LiveSession): Transaction {
    return loggedIn(transaction, {
      user,
      by: 'session',
      sessionId: session.id,
      authenticatedAt: session.authenticatedAt,
      at: this.clock.now(),
    });
  }

  async #insert(transaction: Transaction): Promise<void> {
    await this.store.insert(transaction, participantOf(transaction), issuedBy(transaction));
    this.retention.countCreated();
  }

  /** As it is stored. */
  async #inserted(ended: Transaction, circumstances: Circumstances): Promise<Transaction> {
    try {
      await this.#insert(ended);
      return ended;
    } catch (error) {
      const failed = outrun(ended, error, circumstances);
      await this.#insert(failed);
      return failed;
    }
  }

  #newBrowserToken(): string {
    return this.randomness.bytes(32).toString('base64url');
  }
}

/** That somebody else ended the login meanwhile, or runs its Actions, is told in words for its user. */
async function told(id: string, work: Promise<Transaction>): Promise<Transaction> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof LoginError && error.code === 'transaction_finished') throw loginOver(id);
    if (error instanceof LoginError && error.code === 'transaction_running') throw loginGoingOn();
    throw error;
  }
}

const answerTo = (transaction: Transaction, error: MintmarkError): LoginAnswer =>
  transaction.result === null ? { kind: 'refuse', transaction, error } : { kind: 'deliver', transaction };

/** The refusal is brought to whoever asked for the login, where anybody did. */
const overWith = (transaction: Transaction): LoginAnswer =>
  isDeliverable(transaction) ? { kind: 'deliver', transaction } : { kind: 'ended', transaction };

const typedIn = (credentials: Credentials): Pick<WrongCredentials, 'username'> =>
  'username' in credentials ? { username: credentials.username } : {};
