/** Back-channel logout (OpenID Connect Back-Channel Logout 1.0): who is told that a session has ended, of what, and how long it is tried. */
import {
  LOGOUT_TOKEN_TYPES,
  logoutTokenPayload,
  type LogoutTokenType,
} from '../protocol/oauth/logout-token.js';
import type { Claims } from '../protocol/jwt/restricted-claims.js';
import type { Client } from '../tenant/client.js';
import type { Grant } from '../tenant/grant.js';
import type { DeliveryAttempt, LogoutDelivery } from '../tenant/logout-delivery.js';
import type { BackchannelLogoutInitiator } from '../tenant/oauth-client.js';

/** Those that count where a client selects none (oauth-oidc.md 10.3). */
const DEFAULT_INITIATORS: readonly BackchannelLogoutInitiator[] = ['rp-logout', 'idp-logout'];
/** What became of a delivery is shown as long as the logouts are. */
const KEPT_MS = 86_400_000;
/** Before each further attempt; after the last it is given up. */
const WAITS_MS = [1_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000] as const;

export function wantsToKnow(
  { oidc_logout: settings }: Client,
  initiator: BackchannelLogoutInitiator,
): boolean {
  const { mode, selected_initiators: selected } = settings?.backchannel_logout_initiators ?? {};
  return mode === 'all' || (selected ?? DEFAULT_INITIATORS).includes(initiator);
}

export interface EndingSession {
  readonly sessionId: string;
  /** What was granted in it, to any client. */
  readonly grants: readonly Grant[];
  readonly initiator: BackchannelLogoutInitiator;
  /** Where one asked for it. */
  readonly logoutId?: string | undefined;
}

/** One for each URL of each client that was told of the session and wants to hear of such an end. */
export function deliveriesOf(
  { sessionId, grants, initiator, logoutId }: EndingSession,
  clients: readonly Client[],
  { now, random }: { readonly now: Date; readonly random: (bytes: number) => Buffer },
): LogoutDelivery[] {
  const at = now.toISOString();
  const id = (): string => random(16).toString('hex');
  return clients
    .filter((client) => wantsToKnow(client, initiator))
    .flatMap(({ client_id: clientId, oidc_logout: settings }) => {
      const sub = grants.findLast((grant) => grant.clientId === clientId)?.userId ?? undefined;
      return (settings?.backchannel_logout_urls ?? []).map((url) => ({
        id: `bcl_${id()}`,
        clientId,
        url,
        createdAt: at,
        expiresAt: new Date(now.getTime() + KEPT_MS).toISOString(),
        attempts: 0,
        nextAttemptAt: at,
        token: { ...(sub !== undefined && { sub }), sid: sessionId, jti: id() },
        initiator,
        ...(logoutId !== undefined && { transactionId: logoutId }),
      }));
    });
}

/** What is signed for an attempt, and the `typ` of its header. */
export function logoutTokenOf(
  { clientId, token: { sub, sid, jti }, transactionId }: LogoutDelivery,
  { oauth_dialect: dialect }: Pick<Client, 'oauth_dialect'>,
  { issuer, now }: { readonly issuer: string; readonly now: Date },
): { readonly payload: Claims; readonly typ: LogoutTokenType } {
  const [auth0, strict] = LOGOUT_TOKEN_TYPES;
  return {
    payload: logoutTokenPayload({
      issuer,
      clientId,
      loggedOut:
        sid === undefined
          ? { subject: sub ?? '' }
          : { sessionId: sid, ...(sub !== undefined && { subject: sub }) },
      now,
      jti,
      // a strict reader wants no claim that no specification has
      ...(dialect !== 'strict' && transactionId !== undefined && { traceId: transactionId }),
    }),
    typ: dialect === 'strict' ? strict : auth0,
  };
}

/** After an attempt: settled, or when it is tried again. */
export type AfterAttempt =
  { readonly outcome: NonNullable<LogoutDelivery['outcome']> } | { readonly nextAttemptAt: Date };

/** `attempts` counts those in vain before this one. A redirect is not followed, and comes to nothing: the URL is at fault, and may be mended meanwhile. */
export function afterAttempt({ status, reason }: DeliveryAttempt, attempts: number, now: Date): AfterAttempt {
  if (reason === null) return { outcome: 'delivered' };
  // the relying party has understood the request, and says that it is wrong (Back-Channel Logout 2.8)
  if (status === 400) return { outcome: 'refused' };
  const wait = WAITS_MS[attempts];
  return wait === undefined ? { outcome: 'given_up' } : { nextAttemptAt: new Date(now.getTime() + wait) };
}
