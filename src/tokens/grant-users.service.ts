import { Injectable } from '@nestjs/common';
import { OAuthError, type OAuthErrorCase } from '../protocol/oauth/oauth-error.js';
import { TransactionStore } from '../storage/transaction-store.js';
import { UserStore } from '../storage/user-store.js';
import { isOfOldPassword, type Grant } from '../tenant/grant.js';
import type { UserProfile } from '../tenant/user.js';

/** Whom a grant is of, as far as anything of it may still be used. */
@Injectable()
export class GrantUsersService {
  constructor(
    private readonly users: UserStore,
    private readonly transactions: TransactionStore,
  ) {}

  /**
   * As stored now. Somebody who was never stored has the profile that their login brought along, for as long as that is kept: the login
   * says so itself (`isOwnProfile`), so nobody is taken for them who was stored and is gone.
   */
  async find({
    userId,
    transactionId,
  }: Pick<Grant, 'userId' | 'transactionId'>): Promise<UserProfile | 'gone' | 'blocked'> {
    const stored = userId === null ? null : await this.users.get(userId);
    if (stored) return stored.blocked === true ? 'blocked' : stored;
    const login = transactionId === null ? null : await this.transactions.get(transactionId);
    return (login?.isOwnProfile === true ? login.user : null) ?? 'gone';
  }

  /**
   * For whom tokens are about to be issued. Throws OAuthError `user_blocked`, and `whenGone` for a user who was deleted, or whose password
   * was changed: a login that was looking at the old one at that moment ends nothing, and is worth nothing.
   */
  async require(grant: Grant, whenGone: OAuthErrorCase): Promise<UserProfile> {
    const user = await this.find(grant);
    if (user === 'gone')
      throw new OAuthError(
        whenGone,
        `the user ${grant.userId} was deleted, and what they granted with them; somebody must log in anew`,
      );
    if (user === 'blocked')
      throw new OAuthError('user_blocked', `the user ${grant.userId} is blocked; PATCH the user to unblock`);
    if (isOfOldPassword(grant, user))
      throw new OAuthError(
        whenGone,
        `the password of the user ${grant.userId} was changed since the login; somebody must log in anew`,
      );
    return user;
  }
}
