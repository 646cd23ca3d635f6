import type { FastifyReply } from 'fastify';
import type { OutgoingMessage } from '../../protocol/saml/outgoing-message.js';
import { newNonce, redirect } from '../login/answer.js';
import { deliveryPage } from '../pages/delivery-page.js';
import { sendProtocolPage } from '../pages/protocol-page.js';

/** By redirect or by a form that posts itself (SAML Bindings 3.4.4, 3.5.4). `to` is the client's name. */
export function sendMessage(reply: FastifyReply, message: OutgoingMessage, to: string): string {
  if ('url' in message) return redirect(reply, inHeader(message.url));
  const { action, fields } = message;
  const nonce = newNonce();
  return sendProtocolPage(
    reply.code(200),
    deliveryPage({ action, fields: Object.entries(fields), nonce, to }),
    {
      nonce,
      formAction: 'anywhere',
    },
  );
}

/** A logout URL may have characters that no header can; the query, which is signed, is ASCII already. */
const inHeader = (url: string): string =>
  url.replace(/[^!-~]+/g, (part) => encodeURIComponent(part.toWellFormed()));
