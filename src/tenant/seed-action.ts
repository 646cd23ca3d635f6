/** An Action as a seed file names it: where its code is, and what it needs. */
import { z } from 'zod';
import {
  DEFAULT_RUNTIME,
  actionName,
  noneTwice,
  runtimeSchema,
  supportedTriggers,
  triggerIdSchema,
} from './action-body.js';
import { ACTION_LIMITS, dependencySchema, secretSchema } from './action.js';

/** A map of names, as people write it, or the list that the REST API takes. */
export const mapOrList = <Item extends z.ZodType<{ readonly name: string }>, Value extends z.ZodType<string>>(
  item: Item,
  name: z.ZodString,
  value: Value,
  {
    most,
    what,
    toItem,
  }: { most: number; what: string; toItem: (name: string, value: string) => z.output<Item> },
) =>
  z
    .union([z.record(name, value, 'must be a map of names'), z.array(item, 'must be array')])
    .transform((given): readonly z.output<Item>[] =>
      Array.isArray(given) ? given : Object.entries(given).map(([key, said]) => toItem(key, said)),
    )
    .refine((list) => list.length <= most, `must NOT have more than ${most} items`)
    .superRefine(noneTwice(what));

export const seedActionSchema = z
  .strictObject({
    name: actionName,
    trigger: triggerIdSchema.optional(),
    /** In place of `trigger`, as Auth0's tools write it. */
    supported_triggers: supportedTriggers.optional(),
    /** The path of the file, from the folder of the seed file. */
    code: z
      .string('must be string')
      .min(1, 'must NOT be empty')
      .max(4096)
      .refine(
        (path) => !/[\n\0]|=>/.test(path),
        'must be the path of a file: the code itself has no place in the seed file',
      ),
    display_name: actionName.optional(),
    secrets: mapOrList(secretSchema, secretSchema.shape.name, secretSchema.shape.value, {
      most: ACTION_LIMITS.secrets,
      what: 'secret',
      toItem: (name, value) => ({ name, value }),
    }).default([]),
    dependencies: mapOrList(
      dependencySchema,
      dependencySchema.shape.name,
      dependencySchema.shape.version.unwrap(),
      {
        most: ACTION_LIMITS.dependencies,
        what: 'dependency',
        toItem: (name, version) => ({ name, version }),
      },
    ).default([]),
    runtime: runtimeSchema.optional(),
    /** Auth0's tools write these two. */
    deployed: z
      .literal(
        true,
        'must be true: each Action of the seed file is deployed; take it out of the file instead',
      )
      .optional(),
    status: z.string('must be string').max(64).optional(),
  })
  .transform(
    (
      { name, trigger, supported_triggers: listed, display_name, code, secrets, dependencies, runtime },
      context,
    ) => {
      const id = trigger ?? listed?.[0]?.id;
      if (id === undefined)
        context.addIssue({
          code: 'custom',
          path: ['trigger'],
          message: 'is missing: post-login or credentials-exchange',
        });
      else if (listed !== undefined && listed[0]!.id !== id)
        context.addIssue({
          code: 'custom',
          path: ['trigger'],
          message: `is ${id}, but supported_triggers says ${listed[0]!.id}`,
        });
      return {
        name,
        displayName: display_name ?? name,
        trigger: id!,
        code,
        secrets,
        dependencies,
        runtime: runtime ?? DEFAULT_RUNTIME,
      };
    },
  );
export type SeedAction = z.infer<typeof seedActionSchema>;
