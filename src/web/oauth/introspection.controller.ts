import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { IntrospectionService } from '../../tokens/introspection.service.js';
import { sendClientAnswer } from './client-answer.js';
import { tokenCallOf } from './token-call.js';

/** Where a program asks what a token is worth (RFC 7662). Auth0 has no such endpoint. */
@ApiTags('oauth')
@Controller('oauth')
export class IntrospectionController {
  constructor(private readonly tokens: IntrospectionService) {}

  @Post('introspect')
  async introspect(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await sendClientAnswer(reply, await this.tokens.answer(tokenCallOf(request)));
  }
}
