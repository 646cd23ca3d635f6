import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LoginAttemptStore } from '../storage/login-attempt-store.js';
import { UserStore } from '../storage/user-store.js';
import { hashPassword, verifyPassword } from '../tenant/password.js';
import type { User } from '../tenant/user.js';
import { LoginError } from './login-error.js';
import { networkOf } from './network-of.js';
import { Clock } from './ports.js';

/**
 * Attempts in a window. Of one name from one network; of one account from all of them, so that ten networks have to agree to keep somebody
 * out; of one network whatever the name; and of one that calls for others, and tells for whom.
 */
const WINDOW_IN_SECONDS = 60;
const WRONG_A_NAME = 10;
/** What a wrong one counts, of which one before the password is looked at: so many may be looked at together, and none is taken for a guess. */
const WEIGHT_OF_WRONG = 3;
const ATTEMPTS_A_NAME = WRONG_A_NAME * WEIGHT_OF_WRONG;
const ATTEMPTS_AN_ACCOUNT = 100;
const ATTEMPTS_A_NETWORK = 600;
const ATTEMPTS_A_CALLER = 6000;

/** From where somebody logged in within a week they still can while others guess. */
const KNOWN_FOR_SECONDS = 7 * 24 * 3600;

/** Users of several connections may share an e-mail address; each has a password of its own, and each costs as long as a login. */
const MOST_CANDIDATES = 5;

export type Refusal = 'unknown_user' | 'no_password' | 'wrong_password' | 'blocked';
export type Authentication =
  | {
      readonly user: User;
      /** When the password began to be looked at: what was changed since is not known to it. */
      readonly provedAt: Date;
    }
  | { readonly user: null; /** For the inspector; the page tells nothing. */ readonly why: Refusal };

/** Says whether somebody is who they say. Every refusal looks the same from outside, and takes as long. */
@Injectable()
export class AuthenticationService {
  /** What the password of nobody is compared with, so that an unknown name takes as long as a wrong password. */
  readonly #nobody = hashPassword('');

  constructor(
    private readonly users: UserStore,
    private readonly attempts: LoginAttemptStore,
    private readonly clock: Clock,
  ) {}

  /**
   * By e-mail address, username or user_id (`alice` is `auth0|alice`). `caller` is who really calls, where that is not who is at `address`.
   * Throws LoginError `too_many_attempts`; an attempt that succeeds counts for nothing.
   */
  async byPassword(
    username: string,
    password: string,
    address: string,
    caller: string = address,
  ): Promise<Authentication> {
    const provedAt = this.clock.now();
    const network = networkOf(address);
    const name = `name:${digest(`${username.trim().toLowerCase()}\n${network}`)}`;
    // what is refused here does not count below: one network cannot use up what others share
    const shared = `address:${digest(network)}`;
    await this.#count(shared, ATTEMPTS_A_NETWORK);
    await this.#count(name, ATTEMPTS_A_NAME);
    const callers = networkOf(caller) === network ? [] : [`caller:${digest(networkOf(caller))}`];
    for (const key of callers) await this.#count(key, ATTEMPTS_A_CALLER);
    const { candidates, counted } = await this.#countAccounts(
      username.trim(),
      await this.#candidates(username.trim()),
      network,
    );
    let why: Refusal = candidates.length === 0 ? 'unknown_user' : 'no_password';
    let compared = false;
    for (const user of candidates) {
      const hash = await this.users.passwordHash(user.user_id);
      if (hash === null) continue;
      compared = true;
      const isRight = await verifyPassword(password, hash);
      if (isRight && user.blocked !== true) {
        await this.#succeeded(user, network, [name, shared, ...callers, ...counted]);
        return { user, provedAt };
      }
      why = isRight ? 'blocked' : 'wrong_password';
    }
    if (!compared) await verifyPassword(password, await this.#nobody);
    for (let more = 1; more < WEIGHT_OF_WRONG; more += 1)
      await this.attempts.count(name, this.clock.now(), WINDOW_IN_SECONDS);
    return { user: null, why };
  }

  /** The user whose button was pressed; whether there are buttons at all is the caller's to know. */
  async byOneClick(userId: string): Promise<Authentication> {
    const user = await this.users.get(userId);
    if (!user) return { user: null, why: 'unknown_user' };
    return user.blocked === true ? { user: null, why: 'blocked' } : { user, provedAt: this.clock.now() };
  }

  async #candidates(username: string): Promise<readonly User[]> {
    if (username === '') return [];
    const named = await Promise.all([this.users.findByEmail(username), this.users.findByUsername(username)]);
    const byId = await Promise.all([username, `auth0|${username}`].map((userId) => this.users.get(userId)));
    const found = new Map(
      [...named.flat(), ...byId.filter((user) => user !== null)].map((user) => [user.user_id, user]),
    );
    return [...found.values()].slice(0, MOST_CANDIDATES);
  }

  /**
   * Whoever may be meant, but for those who were guessed at too often, unless they logged in from here of late. What was typed counts as an
   * account too, under one key whether it has `auth0|` or not: so who guesses by one name learns nothing from the limit. Who uses it up by
   * one name and then tries another learns that both are of one account; whoever has it is told to wait, not that the password is wrong.
   */
  async #countAccounts(
    typed: string,
    users: readonly User[],
    network: string,
  ): Promise<{ readonly candidates: readonly User[]; readonly counted: readonly string[] }> {
    const asTyped = accountKey(typed.startsWith('auth0|') ? typed : `auth0|${typed}`);
    const refusals = new Map<string, LoginError | null>();
    for (const key of new Set([asTyped, ...users.map(({ user_id: id }) => accountKey(id))]))
      refusals.set(key, await this.#attempt(key, ATTEMPTS_AN_ACCOUNT));
    const candidates: User[] = [];
    for (const user of users) {
      const isOpen = [asTyped, accountKey(user.user_id)].every((key) => refusals.get(key) === null);
      if (isOpen || (await this.attempts.isOpen(knownKey(user, network), this.clock.now())))
        candidates.push(user);
    }
    const refusal = [...refusals.values()].find((each) => each !== null);
    if (refusal && candidates.length === 0) throw refusal;
    return { candidates, counted: [...refusals.keys()] };
  }

  async #succeeded(user: User, network: string, [name, ...others]: readonly string[]): Promise<void> {
    await this.attempts.clear(name!);
    for (const key of others) await this.attempts.takeBack(key);
    await this.attempts.count(knownKey(user, network), this.clock.now(), KNOWN_FOR_SECONDS);
  }

  async #count(key: string, most: number): Promise<void> {
    const refusal = await this.#attempt(key, most);
    if (refusal) throw refusal;
  }

  /** Before the password is looked at: of attempts that come at once, each counts. */
  async #attempt(key: string, most: number): Promise<LoginError | null> {
    const now = this.clock.now();
    const { count, until } = await this.attempts.count(key, now, WINDOW_IN_SECONDS);
    if (count <= most) return null;
    const seconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000));
    return new LoginError(
      'too_many_attempts',
      `There were too many attempts to log in. Wait ${seconds} seconds and try again.`,
      { extensions: { retry_after_seconds: seconds } },
    );
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
/** However it is written: typed names are looked up so. */
const accountKey = (userId: string): string => `account:${digest(userId.toLowerCase())}`;
const knownKey = ({ user_id: id }: User, network: string): string => `known:${digest(`${id}\n${network}`)}`;
