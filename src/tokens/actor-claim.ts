/** `act`: who acts for the subject of a token, and for whom that one does (RFC 8693 4.1). */
import { OAuthError } from '../protocol/oauth/oauth-error.js';

export type ActorClaim = Readonly<Record<string, unknown>>;

/** oauth-oidc.md 4.7: as deep as Auth0 nests them. */
const DEEPEST = 5;

const isActor = (value: unknown): value is ActorClaim =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** As it stands in the claims of a token; `undefined` where nobody acts. */
export const actorIn = (claims: Readonly<Record<string, unknown>>): ActorClaim | undefined =>
  isActor(claims['act']) ? claims['act'] : undefined;

const depthOf = (act: ActorClaim | undefined): number => (act === undefined ? 0 : 1 + depthOf(actorIn(act)));

/** The actor before those who acted before. Errors: `parameter_invalid` where the chain becomes too long. */
export function actingFor(actor: string | undefined, before: ActorClaim | undefined): ActorClaim | undefined {
  if (actor === undefined) return before;
  const act = { sub: actor, ...(before && { act: before }) };
  if (depthOf(act) <= DEEPEST) return act;
  throw new OAuthError(
    'parameter_invalid',
    `the token was exchanged by ${DEEPEST} actors already, and no more can stand in it (act); begin with a token of the user again`,
  );
}
