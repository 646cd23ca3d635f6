import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import { readUserCode } from '../protocol/oauth/user-code.js';
import { shortened } from '../protocol/saml/shortened.js';
import { ClientStore } from '../storage/client-store.js';
import { DeviceCodeStore } from '../storage/device-code-store.js';
import { LoginAttemptStore } from '../storage/login-attempt-store.js';
import type { Client } from '../tenant/client.js';
import type { DeviceCode } from '../tenant/device-code.js';
import { oauthSettingsOf } from '../tenant/oauth-settings.js';
import { sessionIdOf } from '../tenant/session.js';
import { checkOrganization } from './begin-oidc-login.js';
import { tokenClientOf } from './begin.js';
import type { Browser, LoginAnswer } from './browser-login.js';
import { BrowserLoginsService } from './browser-logins.service.js';
import { CircumstancesService } from './circumstances.service.js';
import { LoginError } from './login-error.js';
import { networkOf } from './network-of.js';
import { newTransaction } from './new-transaction.js';
import { Clock, Randomness } from './ports.js';
import { TenantService } from './tenant.service.js';

/** A device that waits for whoever typed its code. */
export interface WaitingDevice {
  readonly code: DeviceCode;
  readonly client: Client;
  /** For the form that names it, where the browser had none. */
  readonly browserToken: string;
  readonly isNewBrowser: boolean;
  /** Whether the browser may be sent to a page of others from here. */
  readonly leadsAway: boolean;
}

/**
 * Codes that one network may try and that no device waits with: of 20^8 nobody finds one at this pace before it is over, however many
 * wait (RFC 8628 5.1).
 */
const WINDOW_IN_SECONDS = 60;
const MOST_GUESSES = 100;

/** Devices that wait for somebody to let them in: who types a code confirms it, and logs in as anywhere else. */
@Injectable()
export class DeviceLoginsService {
  constructor(
    private readonly codes: DeviceCodeStore,
    private readonly clients: ClientStore,
    private readonly attempts: LoginAttemptStore,
    private readonly tenants: TenantService,
    private readonly circumstances: CircumstancesService,
    private readonly logins: BrowserLoginsService,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
  ) {}

  /** Throws LoginError `user_code_unknown`, `too_many_attempts`. */
  async waiting(typed: string, browser: Browser): Promise<WaitingDevice> {
    const { triggers } = await this.tenants.current();
    const { code, client } = await this.#find(typed, browser);
    return {
      code,
      client,
      browserToken: browser.browserToken ?? this.randomness.bytes(32).toString('base64url'),
      isNewBrowser: browser.browserToken === undefined,
      leadsAway: triggers['post-login'].length > 0,
    };
  }

  /** Begins the login that lets the device in, in the browser that confirmed its code. Throws as `waiting`. */
  async approve(typed: string, browser: Browser): Promise<LoginAnswer> {
    const { code, client } = await this.#find(typed, browser);
    const tenant = await this.tenants.current();
    const circumstances = this.circumstances.of(tenant);
    const at = circumstances.at.toISOString();
    const { digest, userCode, createdAt, expiresAt, interval, scope, audience } = code;
    const transaction = newTransaction({
      id: `txn_${this.randomness.bytes(16).toString('hex')}`,
      protocol: 'device_code',
      clientId: client.client_id,
      createdAt: at,
      browser: { digest: sessionIdOf(browser.browserToken!), sessionId: null, refusals: 0 },
      request: browser.request,
      oidc: {
        scope,
        ...(audience !== null && { audience }),
        device: { digest, userCode, createdAt, expiresAt, interval },
      },
      tokenClient: tokenClientOf(client),
      samlLayers: {},
      timeline: [
        {
          name: 'request.received',
          at,
          detail: { protocol: 'device_code', by: 'POST /activate', user_code: userCode },
        },
      ],
    });
    try {
      // as at /authorize: whoever sent no organization there is judged alike
      checkOrganization(undefined, null, oauthSettingsOf(client));
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      return this.logins.refuse(transaction, error, circumstances);
    }
    return this.logins.begin(transaction, client, { browser, cameByPost: false }, tenant, circumstances);
  }

  /** The device is told at its next poll. Throws as `waiting`. */
  async deny(typed: string, browser: Browser): Promise<{ readonly client: Client }> {
    const { code, client } = await this.#find(typed, browser);
    if (await this.codes.deny(code.digest, this.clock.now())) return { client };
    throw unknown(typed);
  }

  async #find(
    typed: string,
    { request }: Browser,
  ): Promise<{ readonly code: DeviceCode; readonly client: Client }> {
    const userCode = readUserCode(typed);
    // what can be no code guesses nothing
    if (userCode === undefined) throw unknown(typed);
    const now = this.clock.now();
    const key = `user-code:${createHash('sha256').update(networkOf(request.ip)).digest('base64url')}`;
    await this.#count(key, now);
    const code = await this.codes.findPending(userCode, now);
    const client = code && (await this.clients.get(code.clientId));
    if (!code || !client) throw unknown(typed);
    await this.attempts.takeBack(key);
    return { code, client };
  }

  /** Before it is looked for: of guesses that come at once, each counts. */
  async #count(key: string, now: Date): Promise<void> {
    const { count, until } = await this.attempts.count(key, now, WINDOW_IN_SECONDS);
    if (count <= MOST_GUESSES) return;
    const seconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000));
    throw new LoginError(
      'too_many_attempts',
      `There were too many codes. Wait ${seconds} seconds and try again.`,
      { extensions: { retry_after_seconds: seconds } },
    );
  }
}

const unknown = (typed: string): LoginError =>
  new LoginError(
    'user_code_unknown',
    `No device waits with the code ${JSON.stringify(shortened(typed, 64))}. Compare it with the one that the device shows; if that is old, have the device show another.`,
  );
