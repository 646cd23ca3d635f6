/** What `/api/v2/actions/*` takes, in the shapes of Auth0's Management API. */
import { z } from 'zod';
import { ACTION_LIMITS, TRIGGER_IDS, actionCode, dependencySchema, secretSchema } from './action.js';
import { patchSchema } from './patch.js';

const LONGEST_NAME = 255;
/** Identifiers that are only looked up. */
const LONGEST_REFERENCE = 512;

export const noneTwice =
  (what: string) =>
  (list: readonly { readonly name: string }[], context: z.RefinementCtx): void => {
    const names = list.map(({ name }) => name);
    for (const [index, name] of names.entries())
      if (names.indexOf(name) < index)
        context.addIssue({
          code: 'custom',
          path: [index, 'name'],
          message: `there is a ${what} ${name} already`,
        });
  };

export const actionName = z
  .string('must be string')
  .trim()
  .min(1, 'must NOT be empty')
  .max(LONGEST_NAME, `must NOT have more than ${LONGEST_NAME} characters`)
  .regex(/^[^\p{Cc}\p{Surrogate}]*$/u, 'must NOT have control characters');

const RUNS = TRIGGER_IDS.join(' and ');
export const triggerIdSchema = z.enum(TRIGGER_IDS, `is no trigger that Mintmark runs: there are ${RUNS}`);

/** Auth0's tools send back what they were shown; `version`, `status` and `url` change nothing here. */
const supportedTrigger = z.strictObject({
  id: triggerIdSchema,
  /** The handlers are those of the current version: post-login v3, credentials-exchange v2. */
  version: z
    .string('must be string')
    .regex(/^v[1-3]$/, 'must be v1, v2 or v3')
    .optional(),
  status: z.string('must be string').max(64).optional(),
  url: z.string('must be string').max(2048).optional(),
});
export const supportedTriggers = z
  .array(supportedTrigger, 'must be array')
  .refine(
    (triggers) => triggers.length === 1,
    'must have exactly one trigger, like [{"id": "post-login", "version": "v3"}]',
  );

/** The Node that runs Mintmark runs it; the name is kept for the tools that compare it. */
export const runtimeSchema = z
  .string('must be string')
  .regex(/^node(1[2-9]|2[0-2])(-actions)?$/, 'must be the name of a runtime, node12 to node22');
export const DEFAULT_RUNTIME = 'node22';

/** `value` is left out for a secret that is kept; `updated_at` is what an answer showed. */
const givenSecret = z.strictObject({
  ...secretSchema.shape,
  value: secretSchema.shape.value.optional(),
  updated_at: z.string('must be string').max(64).optional(),
});

const list = <Item extends z.ZodType<{ readonly name: string }>>(item: Item, most: number, what: string) =>
  z
    .array(item, 'must be array')
    .max(most, `must NOT have more than ${most} items`)
    .superRefine(noneTwice(what));

const dependencyList = list(dependencySchema, ACTION_LIMITS.dependencies, 'dependency');
const secretList = list(givenSecret, ACTION_LIMITS.secrets, 'secret');

const members = {
  name: actionName,
  supported_triggers: supportedTriggers,
  code: actionCode.default(''),
  dependencies: dependencyList.default([]),
  runtime: runtimeSchema.default(DEFAULT_RUNTIME),
  secrets: secretList.default([]),
};

export const actionBodySchema = z.strictObject(members);
export type ActionBody = z.infer<typeof actionBodySchema>;

export const actionPatchSchema = patchSchema(members);
export type ActionPatch = z.infer<typeof actionPatchSchema>;

/** Auth0: whether the draft becomes what that version was. */
export const redeployBodySchema = z
  .strictObject({ update_draft: z.boolean('must be boolean').default(false) })
  .default({ update_draft: false });

const reference = z.strictObject({
  type: z.enum(['action_id', 'action_name', 'binding_id'], 'must be action_id, action_name or binding_id'),
  value: z.string('must be string').min(1, 'must NOT be empty').max(LONGEST_REFERENCE),
});
export type ActionReference = z.infer<typeof reference>;

export const bindingsBodySchema = z.strictObject({
  bindings: z
    .array(
      z.strictObject({
        ref: reference,
        display_name: actionName.nullish(),
        secrets: z
          .undefined('a binding holds no secrets here: PATCH the secrets of the Action itself')
          .optional()
          .meta({ description: 'Refused: secrets belong to the Action.', deprecated: true }),
      }),
      'must be array',
    )
    .max(
      ACTION_LIMITS.actionsPerTrigger,
      `must NOT have more than ${ACTION_LIMITS.actionsPerTrigger} items: a trigger runs at most so many Actions`,
    ),
});
export type BindingsBody = z.infer<typeof bindingsBodySchema>;
