import { Body, Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OidcLoginsService, type UnreadAuthorization } from '../../login/oidc-logins.service.js';
import { BaseUrl } from '../../login/ports.js';
import { collectParameters } from '../../protocol/oauth/parameters.js';
import { sendAnswer } from '../login/answer.js';
import { browserOf, refuseHead } from '../login/browser.js';
import { queryOf } from '../saml/query.js';

/** The authorization endpoint (RFC 6749 3.1, OIDC Core 3.1.2): where clients send the browser, by GET or with a form. */
@ApiTags('oauth')
@Controller('authorize')
export class AuthorizeController {
  constructor(
    private readonly logins: OidcLoginsService,
    private readonly baseUrl: BaseUrl,
  ) {}

  @Get()
  byGet(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return this.#arrive(request, reply, {
      method: 'GET',
      read: () => collectParameters(queryOf(request), 'query'),
    });
  }

  @Post()
  @HttpCode(200)
  byPost(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.#arrive(request, reply, {
      method: 'POST',
      read: () => collectParameters(typeof body === 'string' ? body : '', 'form'),
    });
  }

  async #arrive(request: FastifyRequest, reply: FastifyReply, arrival: UnreadAuthorization): Promise<string> {
    refuseHead(request);
    return sendAnswer(reply, await this.logins.arrive(arrival, browserOf(request)), this.baseUrl.value);
  }
}
