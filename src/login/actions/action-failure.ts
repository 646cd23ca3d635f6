/** What a run that went wrong is to the transaction: which error ends it. */
import { ActionError, type ActionErrorCode } from '../../actions/action-error.js';
import { maskOf } from '../../actions/masked.js';
import type { ReplayedCall } from '../../actions/replay.js';
import { shortened } from '../../protocol/saml/shortened.js';
import type { RunError } from '../../sandbox/messages.js';
import type { DeployedAction } from '../../tenant/action.js';

const CODES: Readonly<Record<RunError['kind'], ActionErrorCode>> = {
  threw: 'action_threw',
  unusable: 'action_unusable',
  no_handler: 'action_unusable',
  timed_out: 'action_timed_out',
  crashed: 'action_crashed',
  output_too_large: 'action_output_too_large',
};
/** What an exception says goes out to whoever asked for the login. */
const LONGEST_MESSAGE = 2048;
const LONGEST_NAME = 256;

/** The description is what was thrown, as Auth0 hands it on (actions-api.md 1.2); where it was thrown is for the debug view. */
export function actionFailure(
  { name, file }: DeployedAction,
  error: RunError,
  secrets: Readonly<Record<string, unknown>>,
): ActionError {
  const mask = maskOf(secrets) as (text: string) => string;
  const message = shortened(mask(error.message), LONGEST_MESSAGE);
  const place = error.line === null ? file : `${file}:${error.line}:${error.column ?? 1}`;
  return new ActionError(CODES[error.kind], message === '' ? `The Action ${name} failed.` : message, {
    cause: new Error(`${shortened(mask(error.name), LONGEST_NAME)} in the Action ${name}, at ${place}`),
  });
}

/** An error that a call led to after its Action had ended well: the debug view is told which call that was. */
export function failureByCall(
  error: ActionError,
  member: string,
  {
    action: { name, file },
    calls,
  }: { readonly action: DeployedAction; readonly calls: readonly ReplayedCall[] },
): ActionError {
  const call = calls.findLast((one) => one.member === member && one.threw === undefined);
  if (call === undefined || call.line === null) return error;
  const place = `${file}:${call.line}:${call.column ?? 1}`;
  return new ActionError(error.code, error.description, {
    cause: new Error(`api.${member} in the Action ${name}, at ${place}`),
  });
}
