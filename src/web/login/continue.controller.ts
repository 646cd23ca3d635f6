import { Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BrowserLoginsService } from '../../login/browser-logins.service.js';
import { BaseUrl } from '../../login/ports.js';
import { MintmarkError } from '../../protocol/mintmark-error.js';
import { RECEIVED_PARAMETER, sendAnswer, sendRefusal } from './answer.js';
import { browserOf, refuseHead } from './browser.js';

/** A session token is a JWT with a payload of its author's. */
const LONGEST_TOKEN = 16_384;

/** Where the browser comes back to from the page that an Action sent it to (`api.redirect.sendUserTo`). */
@ApiExcludeController()
@Controller('continue')
export class ContinueController {
  constructor(
    private readonly logins: BrowserLoginsService,
    private readonly baseUrl: BaseUrl,
  ) {}

  @Get()
  byGet(
    @Query('state') state: unknown,
    @Query(RECEIVED_PARAMETER) key: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    refuseHead(request);
    return this.#continue(state, request, reply, typeof key === 'string' ? key : undefined);
  }

  /** Better for tokens: they stay out of histories and logs. `state` may stand in the query or in the form. */
  @Post()
  @HttpCode(200)
  byPost(
    @Query('state') state: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '');
    return this.#continue(form.get('state') ?? state, request, reply);
  }

  async #continue(
    state: unknown,
    request: FastifyRequest,
    reply: FastifyReply,
    key?: string,
  ): Promise<string> {
    try {
      const browser = browserOf(request, LONGEST_TOKEN);
      const answer = await this.logins.continue(typeof state === 'string' ? state : '', browser, key);
      return sendAnswer(reply, answer, this.baseUrl.value);
    } catch (error) {
      if (!(error instanceof MintmarkError)) throw error;
      return sendRefusal(reply, error, null);
    }
  }
}
