import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorAnswer } from '../../protocol/oauth/error-answer.js';
import { TokenEndpointService } from '../../tokens/token-endpoint.service.js';
import type { TokenResponse } from '../../tokens/token-call.js';
import { NO_STORE, nonceHeader } from './client-answer.js';
import { tokenCallOf } from './token-call.js';

/** Where clients get tokens (RFC 6749 3.2), by a form or by JSON. */
@ApiTags('oauth')
@Controller('oauth')
export class TokenController {
  constructor(private readonly endpoint: TokenEndpointService) {}

  @Post('token')
  async token(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const answer = await this.endpoint.answer(tokenCallOf(request));
    if ('body' in answer) {
      await reply
        .code(200)
        .headers({ ...NO_STORE, ...nonceHeader(answer.dpopNonce) })
        .send(withoutEmptyScope(answer.body));
      return;
    }
    const { status, headers, body } = errorAnswer(answer.error, answer.dialect, answer.triedBasic);
    await reply
      .code(status)
      .headers({ ...headers, ...nonceHeader(answer.dpopNonce) })
      .send(body);
  }
}

/** RFC 6749 3.3 has no empty one. */
const withoutEmptyScope = ({ scope, ...body }: TokenResponse): object =>
  scope === '' ? body : { ...body, scope };
