import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RevocationService } from '../../tokens/revocation.service.js';
import { NO_STORE, sendClientAnswer } from './client-answer.js';
import { tokenCallOf } from './token-call.js';

/** Where clients give tokens up (RFC 7009). */
@ApiTags('oauth')
@Controller('oauth')
export class RevocationController {
  constructor(private readonly tokens: RevocationService) {}

  /** The answer has no body: the RFC has callers ignore it, and Auth0 sends none. */
  @Post('revoke')
  async revoke(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const answer = await this.tokens.answer(tokenCallOf(request));
    if ('error' in answer) await sendClientAnswer(reply, answer);
    else await reply.code(200).headers(NO_STORE).send();
  }
}
