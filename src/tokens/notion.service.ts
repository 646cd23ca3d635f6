import { Injectable } from '@nestjs/common';
import { Randomness } from '../login/ports.js';
import { uuidFrom } from '../login/uuid.js';
import { errorAnswer, type ErrorAnswer } from '../protocol/oauth/error-answer.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import type { Parameters } from '../protocol/oauth/parameters.js';
import { ClientStore } from '../storage/client-store.js';
import type { Client } from '../tenant/client.js';
import { notionSettingsOf } from '../tenant/notion-client.js';
import type { ClientAnswer } from './client-calls.service.js';
import { IntrospectionService } from './introspection.service.js';
import { NOTION_GRANT_TYPES, notionTokenBody } from './notion-answers.js';
import { RevocationService } from './revocation.service.js';
import type { TokenCall } from './token-call.js';
import { TokenEndpointService } from './token-endpoint.service.js';

interface Refusal {
  readonly error: OAuthError;
  readonly triedBasic: boolean;
}

/** The three calls of Notion's SDK, on the same grants and tokens as every other. Each answer has an id of its own, in body and header. */
@Injectable()
export class NotionService {
  constructor(
    private readonly endpoint: TokenEndpointService,
    private readonly introspection: IntrospectionService,
    private readonly revocation: RevocationService,
    private readonly clients: ClientStore,
    private readonly randomness: Randomness,
  ) {}

  async token(call: TokenCall): Promise<ErrorAnswer> {
    const requestId = this.#requestId();
    const answer = await this.endpoint.answer({
      ...call,
      dialect: 'notion',
      read: () => ofNotion(call.read()),
    });
    if ('error' in answer) {
      const { clientId } = answer.transaction;
      return refused(answer, clientId === null ? null : await this.clients.get(clientId), requestId);
    }
    const { body, client, transaction } = answer;
    return accepted(notionTokenBody(body, notionSettingsOf(client), transaction.user, requestId), requestId);
  }

  async introspect(call: TokenCall): Promise<ErrorAnswer> {
    const requestId = this.#requestId();
    const answer = await this.introspection.answer({ ...call, dialect: 'notion' }, requestId);
    return answered(answer, (body) => body, requestId);
  }

  /** A body even here: the SDK reads every answer as JSON. */
  async revoke(call: TokenCall): Promise<ErrorAnswer> {
    const requestId = this.#requestId();
    const answer = await this.revocation.answer({ ...call, dialect: 'notion' });
    return answered(answer, () => ({ request_id: requestId }), requestId);
  }

  #requestId(): string {
    return uuidFrom(this.randomness.bytes(16));
  }
}

/** Errors: `grant_unknown`. What is missing is told by the token endpoint. */
function ofNotion(parameters: Parameters): Parameters {
  const type = parameters.get('grant_type');
  if (type === undefined || NOTION_GRANT_TYPES.includes(type)) return parameters;
  throw new OAuthError(
    'grant_unknown',
    `the grant_type may be ${NOTION_GRANT_TYPES.join(' or ')} here; the others are at /oauth/token`,
    { about: type },
  );
}

const accepted = (body: Readonly<Record<string, unknown>>, requestId: string): ErrorAnswer => ({
  status: 200,
  body,
  headers: { 'Cache-Control': 'no-store', Pragma: 'no-cache', 'x-notion-request-id': requestId },
});

const refused = ({ error, triedBasic }: Refusal, client: Client | null, requestId: string): ErrorAnswer =>
  errorAnswer(error, 'notion', triedBasic, {
    requestId,
    apiErrors: client !== null && notionSettingsOf(client).error_shape === 'notion',
  });

const answered = <Body>(
  answer: ClientAnswer<Body>,
  told: (body: Body) => Readonly<Record<string, unknown>>,
  requestId: string,
): ErrorAnswer =>
  'error' in answer ? refused(answer, answer.client, requestId) : accepted(told(answer.body), requestId);
