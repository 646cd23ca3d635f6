/** A page for people, JSON for programs, from the same address. */
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { MintmarkError } from '../../protocol/mintmark-error.js';
import { problemOf } from '../border/problem-details.js';
import { sendPage } from '../pages/page.js';
import { prefersHtml } from '../pages/prefers-html.js';
import { problemPage } from '../pages/problem-page.js';

/** Over the Accept header: what the address asks for. */
export const formatSchema = z.enum(['json', 'html'], { error: 'must be json or html' }).optional();
export type Format = z.infer<typeof formatSchema>;

interface Representations<Value> {
  readonly load: () => Promise<Value>;
  readonly json: (value: Value) => unknown;
  readonly page: (value: Value) => string;
}

/** What `load` yields in the form that is asked for; a refusal in the same form. */
export async function negotiate<Value>(
  reply: FastifyReply,
  { accept, asked }: { readonly accept: string | undefined; readonly asked: Format },
  { load, json, page }: Representations<Value>,
): Promise<unknown> {
  reply.header('vary', 'accept');
  if (!(asked === undefined ? prefersHtml(accept) : asked === 'html')) return json(await load());
  try {
    return sendPage(reply, page(await load()));
  } catch (error) {
    if (!(error instanceof MintmarkError)) throw error;
    const problem = problemOf(error);
    return sendPage(reply.code(problem.status), problemPage(problem));
  }
}
