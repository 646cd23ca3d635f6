import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { resourceErrorAnswer } from '../../protocol/oauth/error-answer.js';
import { readParameters, type Parameters } from '../../protocol/oauth/parameters.js';
import { presentedToken } from '../../tokens/presented-token.js';
import { UserinfoService } from '../../tokens/userinfo.service.js';
import { queryOf } from '../saml/query.js';
import { NO_STORE, nonceHeader } from './client-answer.js';
import { bodyParameters, dpopOf } from './token-call.js';

const NOTHING: Parameters = new Map();

/** Tells a program of the user whose access token it has (OIDC Core 5.3). */
@ApiTags('oauth')
@Controller('userinfo')
export class UserinfoController {
  constructor(private readonly userinfo: UserinfoService) {}

  @Get()
  byGet(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#answer(request, reply, () => NOTHING);
  }

  @Post()
  byPost(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#answer(request, reply, () => bodyParameters(request));
  }

  async #answer(request: FastifyRequest, reply: FastifyReply, form: () => Parameters): Promise<void> {
    const answer = await this.userinfo.answer({
      read: () =>
        presentedToken({
          authorization: request.headers.authorization,
          form: form(),
          query: readParameters(queryOf(request), 'query'),
        }),
      method: request.method,
      dpop: dpopOf(request),
    });
    if ('claims' in answer) {
      await reply.code(200).headers(NO_STORE).send(answer.claims);
      return;
    }
    const { status, headers, body } = resourceErrorAnswer(answer.error, answer.scheme);
    await reply
      .code(status)
      .headers({ ...headers, ...nonceHeader(answer.dpopNonce) })
      .send(body);
  }
}
