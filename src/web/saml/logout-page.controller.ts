import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LogoutError } from '../../login/logout-error.js';
import { LogoutsService, type LogoutTurn } from '../../login/logouts.service.js';
import { BaseUrl, Randomness } from '../../login/ports.js';
import type { Logout } from '../../tenant/logout.js';
import { sessionIdOf } from '../../tenant/session.js';
import { clearSessionCookie, readBrowserToken, readSessionToken, setBrowserCookie } from '../cookies.js';
import { csrfTokenOf, isCsrfToken } from '../csrf.js';
import { isSecure, newNonce, redirect } from '../login/answer.js';
import { refuseHead } from '../login/browser.js';
import { logoutConfirmationPage, logoutStepPage } from '../pages/logout-pages.js';
import { sendProtocolPage } from '../pages/protocol-page.js';
import { answersConnections } from './answers-connections.js';
import { sendMessage } from './send-message.js';
import { sendSignedOut } from './send-signed-out.js';

/** What the form to begin a logout is for; the form of a step is for the ID of its LogoutRequest. */
const BEGIN = 'logout';

/** Why a participant is left out, as the page of its step tells it. */
const REASONS: Readonly<Record<string, string>> = {
  person: 'the person in front of the browser left it out',
  unreachable: 'the browser could not reach it',
  silent: 'it did not answer in time',
};

/** The page of a logout: one participant after the other, and in the end the SP that began. It works without a script. */
@ApiExcludeController()
@Controller('logout')
export class LogoutPageController {
  constructor(
    private readonly logouts: LogoutsService,
    private readonly randomness: Randomness,
    private readonly baseUrl: BaseUrl,
  ) {}

  @Get()
  show(
    @Query('state') state: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    refuseHead(request);
    const browserToken = this.#browserToken(request, reply);
    return typeof state === 'string' && state !== ''
      ? this.#turn(state, browserToken, request, reply)
      : this.#confirm(browserToken, request, reply);
  }

  @Post()
  @HttpCode(200)
  async submit(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const form = new URLSearchParams(typeof body === 'string' ? body : '');
    const browserToken = readBrowserToken(request);
    const state = form.get('state') ?? '';
    const logout = state === '' ? null : await this.logouts.get(state);
    const purposes = logout ? logout.steps.flatMap(({ requestId }) => requestId ?? []) : [BEGIN];
    const purpose = purposes.find((one) => isCsrfToken(form.get('csrf'), browserToken, one));
    if (browserToken === undefined || purpose === undefined)
      throw new LogoutError(
        'logout_form_stale',
        'This form is not of a page that this browser was shown, or cookies are not kept. Allow cookies for this server, and log out again.',
      );
    if (!logout) return this.#begin(browserToken, request, reply);
    if (form.get('action') === 'skip')
      await this.logouts.skip(
        logout.id,
        purpose,
        REASONS[form.get('why') ?? ''] ?? 'it did not answer',
        browserToken,
      );
    return redirect(reply, `/logout?state=${logout.id}`);
  }

  async #begin(browserToken: string, request: FastifyRequest, reply: FastifyReply): Promise<string> {
    const logout = await this.logouts.beginHere(readSessionToken(request), browserToken);
    clearSessionCookie(reply, this.#isSecure());
    return redirect(reply, logout ? `/logout?state=${logout.id}` : '/logout');
  }

  async #confirm(browserToken: string, request: FastifyRequest, reply: FastifyReply): Promise<string> {
    const found = await this.logouts.findSession(readSessionToken(request));
    if (!found) return sendSignedOut(reply, null);
    const { user_id: userId, name, email } = found.user;
    return sendProtocolPage(
      reply,
      logoutConfirmationPage({
        state: '',
        csrf: csrfTokenOf(browserToken, BEGIN),
        who: email ?? name ?? userId,
      }),
      { formAction: 'self' },
    );
  }

  async #turn(
    id: string,
    browserToken: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<string> {
    const turn = await this.logouts.turn(id, browserToken);
    this.#forgetSession(turn.logout, request, reply);
    if (turn.kind === 'ask') return this.#ask(turn, browserToken, reply);
    if (turn.kind === 'leave') return redirect(reply, turn.url);
    if (turn.kind === 'answer') return sendMessage(reply, turn.message, turn.party.name);
    return sendSignedOut(reply, await this.logouts.outcomeOf(turn));
  }

  async #ask(
    { logout, requestId, message, party }: Extract<LogoutTurn, { kind: 'ask' }>,
    browserToken: string,
    reply: FastifyReply,
  ): Promise<string> {
    const nonce = newNonce();
    // a browser cannot tell an SP that is down from one that answers nobody but itself; we often can
    const isThere = await answersConnections('url' in message ? message.url : message.action);
    const asked = logout.steps.filter(({ state }) => state !== 'left_out');
    return sendProtocolPage(
      reply,
      logoutStepPage({
        state: logout.id,
        csrf: csrfTokenOf(browserToken, requestId),
        step: asked.findIndex((step) => step.requestId === requestId) + 1,
        of: asked.length,
        to: party.name,
        message,
        next: '/logout',
        nonce,
        probe: !isThere,
      }),
      { nonce, formAction: 'anywhere', leadsTo: logout.relyingParty?.redirectTo, connect: 'anywhere' },
    );
  }

  /** Where the browser's session is one of those that ended; it may have begun another meanwhile. */
  #forgetSession({ sessionIds }: Logout, request: FastifyRequest, reply: FastifyReply): void {
    const token = readSessionToken(request);
    if (token !== undefined && sessionIds.includes(sessionIdOf(token)))
      clearSessionCookie(reply, this.#isSecure());
  }

  #browserToken(request: FastifyRequest, reply: FastifyReply): string {
    const kept = readBrowserToken(request);
    if (kept !== undefined) return kept;
    const token = this.randomness.bytes(32).toString('base64url');
    setBrowserCookie(reply, token, { secure: this.#isSecure() });
    return token;
  }

  #isSecure(): boolean {
    return isSecure(this.baseUrl.value);
  }
}
