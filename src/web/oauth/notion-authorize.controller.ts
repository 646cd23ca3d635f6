import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OidcLoginsService } from '../../login/oidc-logins.service.js';
import { BaseUrl } from '../../login/ports.js';
import { collectParameters } from '../../protocol/oauth/parameters.js';
import { sendAnswer } from '../login/answer.js';
import { browserOf, refuseHead } from '../login/browser.js';
import { queryOf } from '../saml/query.js';

/** Where an integration sends the browser. Notion's `owner=user` asks for nothing that would be otherwise here. */
@ApiTags('notion')
@Controller('v1/oauth/authorize')
export class NotionAuthorizeController {
  constructor(
    private readonly logins: OidcLoginsService,
    private readonly baseUrl: BaseUrl,
  ) {}

  @Get()
  async byGet(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    refuseHead(request);
    const answer = await this.logins.arrive(
      { method: 'GET', dialect: 'notion', read: () => collectParameters(queryOf(request), 'query') },
      browserOf(request),
    );
    return sendAnswer(reply, answer, this.baseUrl.value);
  }
}
