import type { FastifyReply } from 'fastify';
import type { OutgoingMessage } from '../../protocol/saml/outgoing-message.js';
import { newNonce, redirect } from '../login/answer.js';
import { deliveryPage } from '../pages/delivery-page.js';
import { sendProtocolPage } from '../pages/protocol-page.js';

/** By redirect or by a form that posts itself (SAML Bindings 3.4.4, 3.5.4). `to` is the client's name. */
export function sendMessage(reply: FastifyReply, message: OutgoingMessage, to: string): string {
  if ('url' in message) return redirect(reply, message.url);
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
