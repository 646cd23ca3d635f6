/** What follows a handler that ended well, by what it asked for: the rules of actions-api.md 1.1 and 1.2, without any effect of its own. */
import { ActionError } from '../../actions/action-error.js';
import type { Denial, Effects, Interaction, Wishes } from '../../tenant/effects.js';

export type AfterAction =
  | { readonly kind: 'next' }
  | { readonly kind: 'deny'; readonly denial: Denial }
  /** The browser goes there, and comes back to this very Action. */
  | { readonly kind: 'redirect'; readonly url: string }
  /** `member`: whose call led there, where it was a call. */
  | { readonly kind: 'fail'; readonly error: ActionError; readonly member?: string };

export interface Situation {
  /** Nothing may be shown to the user: `prompt=none`, IsPassive. */
  readonly isPassive: boolean;
  /** `event.transaction.protocol`: some have no browser. */
  readonly protocol: string | undefined;
  /** The name of the Action that ran. */
  readonly action: string;
}

/** Exchanges at the token endpoint, in which nobody can be sent anywhere (actions-api.md 6, canRedirect). */
const WITHOUT_BROWSER = new Set([
  'oauth2-resource-owner',
  'oauth2-refresh-token',
  'oauth2-password',
  'oauth2-webauthn',
]);

/** A denial wins over a redirect, a redirect over nothing (actions-api.md 1.2). */
export function afterAction(wishes: Wishes, situation: Situation): AfterAction {
  if (wishes.denial) return { kind: 'deny', denial: wishes.denial };
  const [interaction] = wishes.interactions;
  if (interaction)
    return {
      kind: 'fail',
      error: interactionUnavailable(interaction, situation.action),
      member: interaction.member,
    };
  if (wishes.redirect === null) return { kind: 'next' };
  if (situation.isPassive)
    return {
      kind: 'fail',
      member: 'redirect.sendUserTo',
      error: new ActionError(
        'interaction_required',
        'The user must be sent to another page, and the request allows none (prompt=none, IsPassive).',
      ),
    };
  if (situation.protocol !== undefined && WITHOUT_BROWSER.has(situation.protocol))
    return {
      kind: 'fail',
      member: 'redirect.sendUserTo',
      error: new ActionError(
        'interaction_required',
        `The user must be sent to another page, and there is no browser in ${situation.protocol}: ask api.redirect.canRedirect() first.`,
      ),
    };
  return { kind: 'redirect', url: wishes.redirect };
}

/** What is left to be done after the last Action (actions-api.md 1.1.6). */
export const afterTrigger = ({ multifactor }: Effects): ActionError | null =>
  multifactor === null || multifactor.provider === 'none'
    ? null
    : unavailable(
        `api.multifactor.enable(${JSON.stringify(multifactor.provider)})`,
        'multi-factor authentication',
      );

const WANTED: Readonly<Record<Interaction['kind'], string>> = {
  challenge: 'a multi-factor challenge',
  enroll: 'an enrollment for multi-factor authentication',
  prompt: 'a form',
  multifactor: 'multi-factor authentication',
};
const interactionUnavailable = ({ kind, member }: Interaction, action: string): ActionError =>
  unavailable(`api.${member} of the Action ${action}`, WANTED[kind]);

const unavailable = (member: string, wanted: string): ActionError =>
  new ActionError(
    'interaction_unavailable',
    `${member} asks for ${wanted}, and Mintmark has no page for that yet: the login ends here.`,
  );
