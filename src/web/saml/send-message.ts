import type { FastifyReply } from 'fastify';
import type { OutgoingMessage } from '../../protocol/saml/outgoing-message.js';
import { newNonce } from '../login/answer.js';
import { deliveryPage } from '../pages/delivery-page.js';
import { sendProtocolPage } from '../pages/protocol-page.js';

/** By redirect or by a form that posts itself (SAML Bindings 3.4.4, 3.5.4). `to` is the client's name. */
export function sendMessage(reply: FastifyReply, message: OutgoingMessage, to: string): string {
  if ('url' in message) {
    reply
      .code(302)
      .headers({ location: message.url, 'cache-control': 'no-cache, no-store', pragma: 'no-cache' });
    return '';
  }
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
