import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LoginAttemptStore } from '../storage/login-attempt-store.js';
import { UserStore } from '../storage/user-store.js';
import { hashPassword, verifyPassword } from '../tenant/password.js';
import type { User } from '../tenant/user.js';
import { LoginError } from './login-error.js';
import { Clock } from './ports.js';

/** Attempts in a window, of one name from one address, and of one address whatever the name. */
const WINDOW_IN_SECONDS = 60;
const ATTEMPTS_A_NAME = 10;
const ATTEMPTS_AN_ADDRESS = 600;

/** Users of several connections may share an e-mail address; each has a password of its own, and each costs as long as a login. */
const MOST_CANDIDATES = 5;

export type Refusal = 'unknown_user' | 'no_password' | 'wrong_password' | 'blocked';
export type Authentication =
  | { readonly user: User }
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
   * By e-mail address, username or user_id (`alice` is `auth0|alice`). Throws LoginError `too_many_attempts`, for 10 of a name or 600 of an address
   * a minute; an attempt that succeeds clears those of its name.
   */
  async byPassword(username: string, password: string, address: string): Promise<Authentication> {
    const name = `name:${digest(`${username.trim().toLowerCase()}\n${address}`)}`;
    await this.#count(`address:${digest(address)}`, ATTEMPTS_AN_ADDRESS);
    await this.#count(name, ATTEMPTS_A_NAME);
    const candidates = await this.#candidates(username.trim());
    let why: Refusal = candidates.length === 0 ? 'unknown_user' : 'no_password';
    let compared = false;
    for (const user of candidates) {
      const hash = await this.users.passwordHash(user.user_id);
      if (hash === null) continue;
      compared = true;
      const isRight = await verifyPassword(password, hash);
      if (isRight && user.blocked !== true) {
        await this.attempts.clear(name);
        return { user };
      }
      why = isRight ? 'blocked' : 'wrong_password';
    }
    if (!compared) await verifyPassword(password, await this.#nobody);
    return { user: null, why };
  }

  /** The user whose button was pressed; whether there are buttons at all is the caller's to know. */
  async byOneClick(userId: string): Promise<Authentication> {
    const user = await this.users.get(userId);
    if (!user) return { user: null, why: 'unknown_user' };
    return user.blocked === true ? { user: null, why: 'blocked' } : { user };
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

  /** Before the password is looked at: of attempts that come at once, each counts. */
  async #count(key: string, most: number): Promise<void> {
    const now = this.clock.now();
    const { count, until } = await this.attempts.count(key, now, WINDOW_IN_SECONDS);
    if (count <= most) return;
    const seconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000));
    throw new LoginError(
      'too_many_attempts',
      `There were too many attempts to log in. Wait ${seconds} seconds and try again.`,
      { extensions: { retry_after_seconds: seconds } },
    );
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
