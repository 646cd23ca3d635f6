import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PushedRequestsService } from '../../tokens/pushed-requests.service.js';
import { sendClientAnswer } from './client-answer.js';
import { tokenCallOf } from './token-call.js';

/** Where clients leave authorization requests before they send the browser (RFC 9126). */
@ApiTags('oauth')
@Controller('oauth')
export class PushedRequestController {
  constructor(private readonly requests: PushedRequestsService) {}

  @Post('par')
  async push(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    // oauth-oidc.md 9.1 has no 403 here
    await sendClientAnswer(reply, await this.requests.push(tokenCallOf(request)), 201, 400);
  }
}
