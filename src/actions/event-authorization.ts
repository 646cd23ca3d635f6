/** What `event.transaction` tells of a request to /authorize (actions-api.md 12). */
import type { AuthorizationPart } from '../tenant/transaction.js';
import type { JsonObject } from './merged.js';

/** By what is answered there: a code, tokens, or both. */
export function profileOf({ responseTypes }: AuthorizationPart): string {
  if (!responseTypes.includes('code')) return 'oidc-implicit-profile';
  return responseTypes.length > 1 ? 'oidc-hybrid-profile' : 'oidc-basic-profile';
}

/** What the request left out is absent. */
export const requestMembers = (request: AuthorizationPart): JsonObject => ({
  requested_scopes: request.requestedScope,
  response_type: request.responseTypes,
  ...present({
    response_mode: request.responseMode,
    redirect_uri: request.redirectUri,
    state: request.state,
    login_hint: request.loginHint,
  }),
  ...listed({ prompt: request.prompt, acr_values: request.acrValues, ui_locales: request.uiLocales }),
});

const present = (texts: Readonly<Record<string, string | null | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== null && text !== undefined));

const listed = (lists: Readonly<Record<string, readonly string[]>>): JsonObject =>
  Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
