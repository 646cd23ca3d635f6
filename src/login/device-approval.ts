/** How a login ends that lets a device in (RFC 8628 3.3): with nothing for the browser, and with all that the device's next poll asks for. */
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import { permittedScopes, scopeWords } from '../protocol/oauth/scopes.js';
import type { IssuedGrant, RefusedDevice } from '../storage/transaction-store.js';
import type { AuthenticatedTransaction, DevicePart, Transaction } from '../tenant/transaction.js';
import { changedScopes } from './authorization-response.js';
import type { Circumstances } from './circumstances.js';
import { clockOf, finish } from './finish.js';

/** Throws OAuthError `device_code_expired`. */
export async function approveDevice(
  transaction: AuthenticatedTransaction,
  { at, random, authorizations }: Circumstances,
): Promise<Transaction> {
  const oidc = transaction.oidc!;
  const device = oidc.device!;
  if (Date.parse(device.expiresAt) <= at.getTime())
    throw new OAuthError(
      'device_code_expired',
      'The device has waited too long and gives up; have it show another code.',
    );
  const permissions =
    oidc.audience === undefined
      ? null
      : await authorizations.permissionsAt(oidc.audience, transaction.userId!);
  const grantedScope = permittedScopes(scopeWords(oidc.scope), permissions).join(' ');
  const grantId = `grant_${random(16).toString('hex')}`;
  return finish(
    { ...transaction, oidc: { ...oidc, device: { ...device, grantId, grantedScope } } },
    'completed',
    {},
    [{ name: 'device.approved', detail: { user_code: device.userCode, scope: grantedScope } }],
    { clock: clockOf(transaction, at), at },
  );
}

/** What is written with the end of the login. One that failed leaves the device waiting: its user may try again. */
export function deviceOutcome(
  transaction: Transaction,
  device: DevicePart,
): IssuedGrant | RefusedDevice | undefined {
  const { status, finishedAt, clientId, userId, oidc } = transaction;
  if (status === 'denied') return { digest: device.digest, refusedAt: finishedAt! };
  if (status !== 'completed' || device.grantId === undefined || clientId === null) return undefined;
  const { digest, userCode, createdAt, expiresAt, interval, grantedScope = '' } = device;
  const refreshToken = transaction.actions?.refreshToken;
  const audience = oidc?.audience ?? null;
  return {
    grant: {
      id: device.grantId,
      transactionId: transaction.id,
      clientId,
      userId,
      sessionId: transaction.browser?.sessionId ?? null,
      audience,
      scope: grantedScope,
      createdAt: finishedAt!,
      ...(transaction.authenticatedAt !== null && { authenticatedAt: transaction.authenticatedAt }),
    },
    endsAt: expiresAt,
    device: {
      code: {
        digest,
        userCode,
        clientId,
        status: 'pending',
        createdAt,
        expiresAt,
        interval,
        scope: oidc?.scope ?? '',
        audience,
        grantId: null,
        issuance: null,
      },
      issuance: {
        user: transaction.user,
        scope: changedScopes(scopeWords(grantedScope), transaction.accessToken.scopes).join(' '),
        now: transaction.now,
        tokenClient: transaction.tokenClient,
        idToken: transaction.idToken,
        accessToken: transaction.accessToken,
        ...(refreshToken && { refreshToken }),
      },
    },
  };
}
