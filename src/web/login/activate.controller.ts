import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DeviceLoginsService } from '../../login/device-logins.service.js';
import { LoginError } from '../../login/login-error.js';
import { BaseUrl } from '../../login/ports.js';
import { MintmarkError } from '../../protocol/mintmark-error.js';
import { readUserCode } from '../../protocol/oauth/user-code.js';
import { scopeWords } from '../../protocol/oauth/scopes.js';
import { problemOf } from '../border/problem-details.js';
import { setBrowserCookie } from '../cookies.js';
import { csrfTokenOf, isCsrfToken } from '../csrf.js';
import { deviceConfirmationPage, deviceDeniedPage, userCodePage } from '../pages/device-pages.js';
import { sendProtocolPage } from '../pages/protocol-page.js';
import { isSecure, sendAnswer, sendRefusal } from './answer.js';
import { browserOf, refuseHead } from './browser.js';

/** What the form of a code is for. */
const purposeOf = (userCode: string): string => `activate ${userCode}`;

/** Where a person types the code of a device, and lets it in or not (RFC 8628 3.3). */
@ApiExcludeController()
@Controller('activate')
export class ActivateController {
  constructor(
    private readonly devices: DeviceLoginsService,
    private readonly baseUrl: BaseUrl,
  ) {}

  /** The code is to be compared and confirmed even where a link brought it (RFC 8628 3.3.1). */
  @Get()
  async show(
    @Query('user_code') typed: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    refuseHead(request);
    if (typeof typed !== 'string' || typed === '')
      return sendProtocolPage(reply, userCodePage({}), { formAction: 'self' });
    try {
      const { code, client, browserToken, isNewBrowser, leadsAway } = await this.devices.waiting(
        typed,
        browserOf(request),
      );
      if (isNewBrowser) setBrowserCookie(reply, browserToken, { secure: isSecure(this.baseUrl.value) });
      return sendProtocolPage(
        reply,
        deviceConfirmationPage({
          userCode: code.userCode,
          csrf: csrfTokenOf(browserToken, purposeOf(code.userCode)),
          clientName: client.name,
          scope: scopeWords(code.scope),
          audience: code.audience,
        }),
        { formAction: leadsAway ? 'anywhere' : 'self' },
      );
    } catch (error) {
      return this.#wrong(reply, typed, error);
    }
  }

  @Post()
  @HttpCode(200)
  async decide(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const form = new URLSearchParams(typeof body === 'string' ? body : '');
    const browser = browserOf(request);
    const typed = form.get('user_code') ?? '';
    try {
      if (!isCsrfToken(form.get('csrf') ?? '', browser.browserToken, purposeOf(readUserCode(typed) ?? '')))
        throw new LoginError(
          'login_form_stale',
          'This form is not of a page that this browser was shown, or cookies are not kept. Allow cookies for this server, and type the code again.',
        );
      if (form.get('action') === 'approve')
        return sendAnswer(reply, await this.devices.approve(typed, browser), this.baseUrl.value);
      const { client } = await this.devices.deny(typed, browser);
      return sendProtocolPage(reply, deviceDeniedPage(client.name), { formAction: 'none' });
    } catch (error) {
      if (error instanceof LoginError && error.code === 'user_code_unknown')
        return this.#wrong(reply, typed, error);
      if (!(error instanceof MintmarkError)) throw error;
      return sendRefusal(reply, error, null);
    }
  }

  /** The page once more, with what is wrong. */
  #wrong(reply: FastifyReply, typed: string, error: unknown): string {
    if (!(error instanceof LoginError)) throw error;
    reply.code(problemOf(error).status);
    const seconds = error.extensions['retry_after_seconds'];
    if (typeof seconds === 'number') reply.header('retry-after', String(seconds));
    return sendProtocolPage(reply, userCodePage({ typed: typed.slice(0, 64), problem: error.description }), {
      formAction: 'self',
    });
  }
}
