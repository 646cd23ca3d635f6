/** What `POST /api/actions/test` takes: an Action that may not be deployed yet, and the login to run it in. */
import { z } from 'zod';
import { TRIGGERS } from '../../actions/triggers.js';
import { actionName, triggerIdSchema } from '../../tenant/action-body.js';
import {
  actionCode,
  ACTION_LIMITS,
  dependencySchema,
  secretSchema,
  type TriggerId,
} from '../../tenant/action.js';
import { mapOrList } from '../../tenant/seed-action.js';
import { transactionBodySchema, type TransactionBody } from '../transaction-body.js';

const DEFAULT_FILE = 'action.js';

const HANDLERS = ['onExecutePostLogin', 'onContinuePostLogin', 'onExecuteCredentialsExchange'] as const;

const testedActionSchema = z
  .strictObject({
    code: actionCode.optional().describe('a draft; one of code, name and id says what runs'),
    name: actionName.optional().describe('of an Action that is stored: its draft runs'),
    id: z.string('must be string').min(1, 'must NOT be empty').max(512).optional().describe('likewise'),
    version: z
      .int('must be integer')
      .min(1, 'must be >= 1')
      .optional()
      .describe('number of a version of a stored Action, which runs in place of its draft'),
    trigger: triggerIdSchema.optional().describe('the one that the protocol has, where it is left out'),
    handler: z
      .enum(HANDLERS, `must be ${HANDLERS.slice(0, 2).join(', ')} or ${HANDLERS[2]}`)
      .optional()
      .describe(
        'onContinuePostLogin tries the way back from a redirect: event.request is then the request to /continue',
      ),
    file: actionName
      .optional()
      .describe(`what errors and calls name a draft by; ${DEFAULT_FILE} where it is left out`),
    secrets: mapOrList(secretSchema, secretSchema.shape.name, secretSchema.shape.value, {
      most: ACTION_LIMITS.secrets,
      what: 'secret',
      toItem: (name, value) => ({ name, value }),
    })
      .optional()
      .describe('of a stored Action they are laid over its own'),
    dependencies: mapOrList(
      dependencySchema,
      dependencySchema.shape.name,
      dependencySchema.shape.version.unwrap(),
      {
        most: ACTION_LIMITS.dependencies,
        what: 'dependency',
        toItem: (name, version) => ({ name, version }),
      },
    ).optional(),
  })
  .superRefine((action, context) => {
    const refuse = (name: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [name], message });
    const sources = (['code', 'name', 'id'] as const).filter((name) => action[name] !== undefined);
    const [first, second] = sources;
    if (first === undefined)
      refuse('code', 'is missing: give the code of a draft, or the name or id of an Action that is stored');
    else if (second !== undefined) refuse(second, `stands beside ${first}: only one can name what is to run`);
    else if (first === 'code' && action.version !== undefined)
      refuse('version', 'is of a stored Action: name one by name or id in place of code');
    else if (first !== 'code')
      for (const name of ['file', 'dependencies'] as const)
        if (action[name] !== undefined)
          refuse(name, 'is what the stored Action says: leave it out, or give code');
  });

export const actionTestBodySchema = transactionBodySchema
  .omit({ complete: true })
  .extend({ action: testedActionSchema })
  .transform(({ action, ...login }, context) => {
    const trigger = TRIGGER_OF[login.protocol];
    const { handler, resumeHandler } = TRIGGERS[trigger];
    const refuse = (name: string, message: string): void =>
      context.addIssue({ code: 'custom', path: ['action', name], message });
    if (action.trigger !== undefined && action.trigger !== trigger)
      refuse('trigger', `does not run with protocol ${login.protocol}: that has ${trigger}`);
    else if (action.handler !== undefined && action.handler !== handler && action.handler !== resumeHandler)
      refuse('handler', `is none of ${trigger}: ${[handler, resumeHandler ?? []].flat().join(' or ')}`);
    return {
      login: login satisfies TransactionBody,
      action: {
        ...action,
        trigger,
        resumes: action.handler !== undefined && action.handler === resumeHandler,
        file: action.file ?? DEFAULT_FILE,
      },
    };
  });
export type ActionTestBody = z.infer<typeof actionTestBodySchema>;
export type TestedAction = ActionTestBody['action'];

const TRIGGER_OF: Readonly<Record<TransactionBody['protocol'], TriggerId>> = {
  samlp: 'post-login',
  oidc: 'post-login',
  client_credentials: 'credentials-exchange',
};
