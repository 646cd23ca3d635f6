import { Injectable } from '@nestjs/common';
import { Clock } from '../../login/ports.js';
import { OAuthError } from '../../protocol/oauth/oauth-error.js';
import { DeviceCodeStore } from '../../storage/device-code-store.js';
import { GrantStore } from '../../storage/grant-store.js';
import type { DeviceCode, DevicePollOutcome } from '../../tenant/device-code.js';
import { tokenDigest, type Grant } from '../../tenant/grant.js';
import { DEVICE_CODE } from '../device-grant-type.js';
import type { GrantCall, TokenResponse } from '../token-call.js';
import { required } from '../token-request.js';
import type { GrantRow } from './grant.js';
import { SettledLoginService, tellOf } from './settled-login.service.js';

/** RFC 8628 3.4: a device asks, again and again, whether somebody has let it in. Actions ran when somebody did. */
@Injectable()
export class DeviceCodeGrant implements GrantRow {
  readonly name = 'device_code';
  readonly type = DEVICE_CODE;
  readonly allowedBy = [DEVICE_CODE];
  readonly forPublicClients = true;

  constructor(
    private readonly codes: DeviceCodeStore,
    private readonly grants: GrantStore,
    private readonly logins: SettledLoginService,
    private readonly clock: Clock,
  ) {}

  readonly exchange = async (call: GrantCall): Promise<TokenResponse> => {
    const { draft } = call;
    const code = await this.#approved(call);
    const login = { grant: await this.#grant(code), issuance: code.issuance! };
    tellOf(draft, login);
    const { body, tokens, end, at } = await this.logins.issue(call, login, 'device_code_unknown');
    const outcome = await this.codes.redeem(code, tokens, at, end);
    if (outcome === null) throw ended();
    if (outcome !== true) throw await this.#redeemed(outcome.grantId);
    draft.keep(end);
    return body;
  };

  /** The code, once somebody let its device in. Throws what the device is told until then, and after. */
  async #approved({ client, parameters }: GrantCall): Promise<DeviceCode> {
    const value = required(parameters, 'device_code', 'send the one that /oauth/device/code answered');
    const polled = await this.codes.poll(tokenDigest(value), this.clock.now());
    if (!polled)
      throw new OAuthError('device_code_unknown', 'there is no such device code, or it is long over');
    const { outcome, code } = polled;
    if (code.clientId !== client.client_id)
      throw new OAuthError(
        'device_code_unknown',
        'the device code was issued to another client; poll with the client_id that asked for it',
      );
    if (outcome === 'approved') return code;
    if (outcome === 'redeemed') throw code.grantId === null ? ended() : await this.#redeemed(code.grantId);
    throw NOT_APPROVED[outcome](code);
  }

  async #grant({ grantId }: DeviceCode): Promise<Grant> {
    const found = grantId === null ? null : await this.grants.find(grantId);
    if (!found || found.revokedAt !== null) throw ended();
    return found.grant;
  }

  /** As with a code that comes twice: one of the two who know it should not (RFC 6749 4.1.2). */
  async #redeemed(grantId: string): Promise<OAuthError> {
    await this.grants.revoke({ grantId }, this.clock.now());
    return new OAuthError(
      'device_code_unknown',
      'the device code was redeemed before; it works once, and the tokens it gave are revoked now',
    );
  }
}

const ended = (): OAuthError =>
  new OAuthError('device_code_unknown', 'the login that let the device in was revoked, or its code is over');

const NOT_APPROVED: Readonly<
  Record<Exclude<DevicePollOutcome, 'approved' | 'redeemed'>, (code: DeviceCode) => OAuthError>
> = {
  pending: ({ userCode }) =>
    new OAuthError(
      'device_pending',
      `nobody has let the device in yet: ${userCode} is to be typed at /activate`,
    ),
  slow_down: ({ interval }) =>
    new OAuthError('device_too_fast', `wait ${interval} seconds before the next poll`, {
      about: String(interval),
    }),
  denied: () => new OAuthError('device_refused', 'the user, or an Action, did not let the device in'),
  expired: () =>
    new OAuthError(
      'device_code_expired',
      'nobody let the device in before its code was over; ask for another at /oauth/device/code',
    ),
};
