import { Injectable } from '@nestjs/common';
import { AccessTokenStore } from '../storage/access-token-store.js';
import { AuthorizationCodeStore } from '../storage/authorization-code-store.js';
import { DeviceCodeStore } from '../storage/device-code-store.js';
import { GrantStore } from '../storage/grant-store.js';
import { PushedRequestStore } from '../storage/pushed-request-store.js';
import { RefreshTokenStore } from '../storage/refresh-token-store.js';
import { UsedTokenIdStore } from '../storage/used-token-id-store.js';

/** Deletes what codes, tokens and requests have left behind that nobody can use any more. */
@Injectable()
export class TokenRetention {
  constructor(
    private readonly codes: AuthorizationCodeStore,
    private readonly access: AccessTokenStore,
    private readonly refresh: RefreshTokenStore,
    private readonly devices: DeviceCodeStore,
    private readonly pushed: PushedRequestStore,
    private readonly used: UsedTokenIdStore,
    private readonly grants: GrantStore,
  ) {}

  /** Grants last: the others are judged by them. */
  async prune(now: Date): Promise<void> {
    const { codes, access, refresh, devices, pushed, used, grants } = this;
    for (const store of [codes, access, refresh, devices, pushed, used, grants]) await store.prune(now);
  }
}
