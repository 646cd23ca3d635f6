/** Believes nothing that comes out of a worker: what it says is taken for a message when it has the form of one, and is cut where only its length is wrong. */
import { z } from 'zod';
import type { WorkerMessage } from './messages.js';

const NAME = 200;
const MESSAGE = 10_000;
const STACK = 20_000;

const clipped = (limit: number) => z.string().transform((text) => text.slice(0, limit));
const id = z.int().nonnegative();
const place = z.int().positive().nullable().catch(null);

const workerMessageSchema: z.ZodType<WorkerMessage> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('start'), id }),
  z.strictObject({
    type: z.literal('log'),
    id,
    line: z.strictObject({
      level: z.enum(['log', 'info', 'warn', 'error', 'trace', 'debug']),
      text: z.string(),
    }),
  }),
  z.strictObject({
    type: z.literal('call'),
    id,
    call: z.strictObject({
      member: z.string().max(NAME),
      args: z.array(z.unknown()),
      returned: z.unknown().optional(),
      threw: clipped(MESSAGE).exactOptional(),
      line: place,
      column: place,
    }),
  }),
  z.strictObject({
    type: z.literal('done'),
    id,
    error: z
      .strictObject({
        kind: z.enum(['threw', 'unusable', 'timed_out', 'crashed', 'output_too_large', 'no_handler']),
        name: clipped(NAME),
        message: clipped(MESSAGE),
        line: place,
        column: place,
        stack: clipped(STACK),
      })
      .nullable(),
  }),
  z.strictObject({ type: z.literal('idle'), id, tainted: clipped(MESSAGE).nullable() }),
]);

/**
 * Arguments are at most 32 levels deep, each in a wrapper where its name needs one, below the few levels of the message itself. Parsing
 * bears any depth, but whoever walks over what was parsed would come to the end of the stack, and the server with it.
 */
const DEEPEST = 80;
const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1)));

/** `null` for what is no message. */
export const workerMessage = (value: unknown): WorkerMessage | null => {
  if (isDeeper(value, DEEPEST)) return null;
  const { success, data } = workerMessageSchema.safeParse(value);
  return success ? data : null;
};
