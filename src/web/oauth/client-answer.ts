/** What clients are answered that call for something else than tokens. */
import type { FastifyReply } from 'fastify';
import { errorAnswer } from '../../protocol/oauth/error-answer.js';
import type { ClientAnswer } from '../../tokens/client-calls.service.js';

/** RFC 6749 5.1. */
export const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' } as const;

/** RFC 9126 2.3, RFC 9110 15.5.14. */
const TOO_LARGE = 413;

/** RFC 9449 8: with what the next proof is to hold. */
export const nonceHeader = (nonce: string | undefined): Readonly<Record<string, string>> =>
  nonce === undefined ? {} : { 'dpop-nonce': nonce };

export async function sendClientAnswer(
  reply: FastifyReply,
  answer: ClientAnswer<object>,
  status = 200,
  /** What the endpoint answers in place of 403. */
  forbidden = 403,
): Promise<void> {
  if ('body' in answer) {
    await reply.code(status).headers(NO_STORE).send(answer.body);
    return;
  }
  const refusal = errorAnswer(answer.error, answer.dialect, answer.triedBasic);
  await reply
    .code(
      answer.error.case === 'body_too_large'
        ? TOO_LARGE
        : refusal.status === 403
          ? forbidden
          : refusal.status,
    )
    .headers({ ...refusal.headers, ...nonceHeader(answer.dpopNonce) })
    .send(refusal.body);
}
