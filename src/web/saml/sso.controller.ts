import { Body, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BaseUrl } from '../../login/ports.js';
import { SamlLoginsService, type UnreadArrival } from '../../login/saml-logins.service.js';
import { receivedByPost, receivedByRedirect } from '../../protocol/saml/received-message.js';
import { browserOf, refuseHead } from '../login/browser.js';
import { sendAnswer } from '../login/answer.js';
import { queryOf } from './query.js';

/**
 * Where service providers send the browser with an AuthnRequest (SAML Bindings 3.4, 3.5), each to a URL of its own or all to `/samlp`;
 * without one, a login that begins here.
 */
@ApiTags('saml')
@Controller('samlp')
export class SsoController {
  constructor(
    private readonly logins: SamlLoginsService,
    private readonly baseUrl: BaseUrl,
  ) {}

  @Get()
  sharedByRedirect(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.#arrive(null, request, reply, arrivalInQuery(request));
  }

  @Post()
  @HttpCode(200)
  sharedByPost(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.#arrive(null, request, reply, arrivalInForm(body));
  }

  @Get(':clientId')
  byRedirect(
    @Param('clientId') clientId: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.#arrive(clientId, request, reply, arrivalInQuery(request));
  }

  @Post(':clientId')
  @HttpCode(200)
  byPost(
    @Param('clientId') clientId: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.#arrive(clientId, request, reply, arrivalInForm(body));
  }

  async #arrive(
    clientId: string | null,
    request: FastifyRequest,
    reply: FastifyReply,
    arrival: UnreadArrival,
  ): Promise<string> {
    refuseHead(request);
    const answer = await this.logins.arrive(clientId, arrival, browserOf(request));
    return sendAnswer(reply, answer, this.baseUrl.value);
  }
}

function arrivalInQuery(request: FastifyRequest): UnreadArrival {
  const query = queryOf(request);
  return {
    method: 'GET',
    query,
    read: () => {
      const received = receivedByRedirect(query);
      // a page that begins a login here may say what the SP is to get with it
      const relayState = received ? null : new URLSearchParams(query).get('RelayState');
      return { method: 'GET', received, ...(relayState !== null && { RelayState: relayState }) };
    },
  };
}

const arrivalInForm = (body: unknown): UnreadArrival => ({
  method: 'POST',
  read: () => ({ method: 'POST', received: receivedByPost(typeof body === 'string' ? body : '') }),
});
