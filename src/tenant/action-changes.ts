/** Makes Actions and changes their drafts. Secrets are sealed on the way in, and nothing here opens one to show it. */
import type { ActionBody, ActionPatch } from './action-body.js';
import { DEFAULT_RUNTIME } from './action-body.js';
import { faultIn, faultInWords } from './action-code.js';
import type { Action, ActionContent, ActionSource } from './action.js';
import { invalidBody } from './invalid-body.js';
import { seal, unseal, type SealedSecret } from './sealed-secret.js';
import { TenantError } from './tenant-error.js';

export interface ActionCircumstances {
  readonly now: Date;
  /** What secrets are sealed with. */
  readonly key: Buffer;
}

/** A new draft. Throws `action_code_invalid` for code that is no JavaScript, `invalid_body` for a secret without a value. */
export function actionFrom(
  body: ActionBody,
  {
    id,
    source = null,
    now,
    key,
  }: ActionCircumstances & { readonly id: string; readonly source?: ActionSource | null },
): Action {
  refuseBrokenCode(body.code);
  const at = now.toISOString();
  return {
    id,
    name: body.name,
    trigger: body.supported_triggers[0]!.id,
    created_at: at,
    updated_at: at,
    draft: {
      code: body.code,
      dependencies: body.dependencies,
      secrets: secretsOf(body.secrets, [], { actionId: id, now, key }),
      runtime: body.runtime,
    },
    deployedVersionId: null,
    allChangesDeployed: false,
    source,
  };
}

/**
 * The Action with what the patch says. Lists replace what is kept, as Auth0 does it; a secret that is given by its name alone keeps
 * its value. Throws as `actionFrom`.
 */
export function patchedAction(action: Action, patch: ActionPatch, { now, key }: ActionCircumstances): Action {
  const { name, supported_triggers: triggers, code, dependencies, secrets, runtime } = patch;
  if (typeof code === 'string') refuseBrokenCode(code);
  const { draft } = action;
  return {
    ...action,
    name: name ?? action.name,
    trigger: triggers?.[0]?.id ?? action.trigger,
    updated_at: now.toISOString(),
    draft: {
      code: code === undefined ? draft.code : (code ?? ''),
      dependencies: dependencies === undefined ? draft.dependencies : (dependencies ?? []),
      secrets:
        secrets === undefined
          ? draft.secrets
          : secretsOf(secrets ?? [], draft.secrets, { actionId: action.id, now, key }),
      runtime: runtime === undefined ? draft.runtime : (runtime ?? DEFAULT_RUNTIME),
    },
  };
}

function refuseBrokenCode(code: string): void {
  const fault = faultIn(code);
  if (fault === null) return;
  const detail = faultInWords(fault);
  throw new TenantError('action_code_invalid', `The code cannot be parsed: ${detail}`, {
    errors: [{ pointer: '/code', detail }],
  });
}

/** One whose value is the one that is kept stays as it is, so that it counts as no change. */
function secretsOf(
  given: readonly { readonly name: string; readonly value?: string | undefined }[],
  kept: readonly SealedSecret[],
  { actionId, now, key }: ActionCircumstances & { readonly actionId: string },
): SealedSecret[] {
  return given.map(({ name, value }, index) => {
    const before = kept.find((secret) => secret.name === name);
    if (value === undefined) {
      if (before) return before;
      throw invalidBody([
        { path: ['secrets', index, 'value'], message: 'is missing, and no value is kept under this name' },
      ]);
    }
    const place = { actionId, name };
    if (before && opened(before.sealed, key, place) === value) return before;
    return { name, sealed: seal(value, key, place), updated_at: now.toISOString() };
  });
}

/** `null` where it was sealed with another key. */
function opened(...secret: Parameters<typeof unseal>): string | null {
  try {
    return unseal(...secret);
  } catch (error) {
    if (error instanceof TenantError) return null;
    throw error;
  }
}

/** In the clear, by name. Throws `secret_unreadable`. */
export const openedSecrets = (
  actionId: string,
  { secrets }: ActionContent,
  key: Buffer,
): Record<string, string> =>
  Object.fromEntries(secrets.map(({ name, sealed }) => [name, unseal(sealed, key, { actionId, name })]));
