import { Body, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LogoutMessagesService } from '../../login/logout-messages.service.js';
import {
  receivedByPost,
  receivedByRedirect,
  type ReceivedMessage,
} from '../../protocol/saml/received-message.js';
import { redirect } from '../login/answer.js';
import { refuseHead } from '../login/browser.js';
import { queryOf } from './query.js';
import { sendMessage } from './send-message.js';

/**
 * Where service providers send the browser with a LogoutRequest or a LogoutResponse (SAML Bindings 3.4, 3.5), each to a URL of its own or
 * all to `/samlp/logout`; without either, a logout that begins here.
 */
@ApiTags('saml')
@Controller('samlp')
export class LogoutController {
  constructor(private readonly messages: LogoutMessagesService) {}

  @Get('logout')
  sharedByRedirect(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    refuseHead(request);
    return this.#receive(null, receivedByRedirect(queryOf(request)), reply);
  }

  @Post('logout')
  @HttpCode(200)
  sharedByPost(@Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return this.#receive(null, inForm(body), reply);
  }

  @Get(':clientId/logout')
  byRedirect(
    @Param('clientId') clientId: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    refuseHead(request);
    return this.#receive(clientId, receivedByRedirect(queryOf(request)), reply);
  }

  @Post(':clientId/logout')
  @HttpCode(200)
  byPost(
    @Param('clientId') clientId: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.#receive(clientId, inForm(body), reply);
  }

  async #receive(
    clientId: string | null,
    received: ReceivedMessage | null,
    reply: FastifyReply,
  ): Promise<string> {
    if (!received) return redirect(reply, '/logout');
    const reception = await this.messages.receive(clientId, received);
    // our cookies do not come along on a post from another site, so what belongs to the browser waits for the next request
    return reception.kind === 'go_on'
      ? redirect(reply, `/logout?state=${reception.logout.id}`)
      : sendMessage(reply, reception.message, reception.party.name);
  }
}

const inForm = (body: unknown): ReceivedMessage | null =>
  receivedByPost(typeof body === 'string' ? body : '');
