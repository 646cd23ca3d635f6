import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorAnswer } from '../../protocol/oauth/error-answer.js';
import { NotionService } from '../../tokens/notion.service.js';
import type { TokenCall } from '../../tokens/token-call.js';
import { bodyParameters, tokenCallOf } from './token-call.js';

/** What Notion's SDK calls: the same tokens as at /oauth, in other words. */
@ApiTags('notion')
@Controller('v1/oauth')
export class NotionController {
  constructor(private readonly notion: NotionService) {}

  @Post('token')
  async token(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await send(reply, await this.notion.token(callOf(request)));
  }

  @Post('introspect')
  async introspect(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await send(reply, await this.notion.introspect(callOf(request)));
  }

  @Post('revoke')
  async revoke(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await send(reply, await this.notion.revoke(callOf(request)));
  }
}

/** `external_account` says whose account it becomes at the integration: nothing that we would do anything with. */
const callOf = (request: FastifyRequest): TokenCall => ({
  ...tokenCallOf(request),
  read: () => bodyParameters(request, ['external_account']),
});

const send = async (reply: FastifyReply, { status, headers, body }: ErrorAnswer): Promise<void> => {
  await reply.code(status).headers(headers).send(body);
};
