/**
 * Device codes and pushed requests are kept until somebody uses them, or they are over; whoever knows the id of a public client can ask for
 * more. Above these caps more are refused: to throw the oldest out would let a stranger end what others began.
 */
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import type { Waiting } from '../storage/count-waiting.js';

const MOST_OF_CLIENT = 1000;
const MOST_IN_ALL = 10_000;

/** Throws OAuthError `too_many_requests`; it names `what`, in the plural, and how long they live. */
export function refuseBeyondCaps(
  { ofClient, inAll }: Waiting,
  {
    what,
    clientId,
    lifetime,
  }: { readonly what: string; readonly clientId: string; readonly lifetime: number },
): void {
  const isClients = ofClient >= MOST_OF_CLIENT;
  if (!isClients && inAll < MOST_IN_ALL) return;
  throw new OAuthError(
    'too_many_requests',
    `${isClients ? ofClient : inAll} ${what} of ${isClients ? `the client ${clientId}` : 'all clients'} wait to be used; use them, or wait until some are over: each is after ${lifetime} seconds`,
    { extensions: { retry_after_seconds: lifetime } },
  );
}
