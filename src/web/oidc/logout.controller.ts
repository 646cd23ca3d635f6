import { Body, Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { currentStep } from '../../login/logout-chain.js';
import { LogoutError } from '../../login/logout-error.js';
import { LogoutsService } from '../../login/logouts.service.js';
import { BaseUrl, Randomness } from '../../login/ports.js';
import type { CheckedRpLogout } from '../../login/rp-logout-request.js';
import { RpLogoutsService } from '../../login/rp-logouts.service.js';
import { readParameters } from '../../protocol/oauth/parameters.js';
import type { Logout } from '../../tenant/logout.js';
import { clearSessionCookie, readBrowserToken, readSessionToken, setBrowserCookie } from '../cookies.js';
import { csrfTokenOf, isCsrfToken } from '../csrf.js';
import { isSecure, redirect } from '../login/answer.js';
import { refuseHead } from '../login/browser.js';
import { sendProtocolPage } from '../pages/protocol-page.js';
import { rpLogoutPage } from '../pages/rp-logout-page.js';
import { queryOf } from '../saml/query.js';
import { sendSignedOut } from '../saml/send-signed-out.js';

/** What the form of the confirmation is for. */
const CONFIRM = 'rp-logout';

/**
 * Where relying parties send the browser to be logged out: the end_session_endpoint (OpenID Connect RP-Initiated Logout 2), and Auth0's own
 * `/v2/logout`. Service providers of SAML that take part in the session are asked first; the browser goes to the registered URL in the end.
 */
@ApiTags('oauth')
@Controller()
export class OidcLogoutController {
  constructor(
    private readonly rpLogouts: RpLogoutsService,
    private readonly logouts: LogoutsService,
    private readonly randomness: Randomness,
    private readonly baseUrl: BaseUrl,
  ) {}

  @Get('v2/logout')
  async v2(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    refuseHead(request);
    return this.#receive(await this.rpLogouts.readV2(queryOf(request)), request, reply);
  }

  @Get('oidc/logout')
  async byGet(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    refuseHead(request);
    const parameters = readParameters(queryOf(request), 'query');
    return this.#receive(await this.rpLogouts.readOidc(parameters), request, reply);
  }

  /**
   * Our cookies do not come along on a post from another site, so the browser comes again by itself: with the session that the ID token
   * names, but without the token, which may be too long for an address.
   */
  @Post('oidc/logout')
  @HttpCode(200)
  async byPost(@Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const parameters = readParameters(typeof body === 'string' ? body : '');
    const { clientId, sids, sent, isFederated } = await this.rpLogouts.readOidc(parameters);
    // of hints that differ none may get lost
    const [sid] = new Set(sids).size === 1 ? sids : [];
    const query = new URLSearchParams({
      ...(clientId !== null && { client_id: clientId }),
      ...(sid !== undefined && { logout_hint: sid }),
      ...(isFederated && { federated: 'true' }),
      ...asSent(sent),
    });
    return redirect(reply, `/oidc/logout?${query.toString()}`);
  }

  @Post('oidc/logout/confirm')
  @HttpCode(200)
  async confirm(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const parameters = readParameters(typeof body === 'string' ? body : '');
    if (!isCsrfToken(parameters.get('csrf'), readBrowserToken(request), CONFIRM))
      throw new LogoutError(
        'logout_form_stale',
        'This form is not of a page that this browser was shown, or cookies are not kept. Allow cookies for this server, and log out again.',
      );
    return this.#receive(await this.rpLogouts.readOidc(parameters), request, reply, true);
  }

  async #receive(
    checked: CheckedRpLogout,
    request: FastifyRequest,
    reply: FastifyReply,
    isConfirmed = false,
  ): Promise<string> {
    const browserToken = this.#browserToken(request, reply);
    const browser = { sessionToken: readSessionToken(request), browserToken };
    const reception = await this.rpLogouts.receive(checked, browser, isConfirmed);
    if (reception.kind === 'confirm')
      return sendProtocolPage(
        reply,
        rpLogoutPage({
          ...reception,
          action: '/oidc/logout/confirm',
          fields: [
            ['csrf', csrfTokenOf(browserToken, CONFIRM)],
            ...(checked.clientId === null ? [] : ([['client_id', checked.clientId]] as const)),
            ...Object.entries(asSent(checked.sent)),
          ],
        }),
        { formAction: 'anywhere', leadsTo: checked.redirectTo },
      );
    clearSessionCookie(reply, isSecure(this.baseUrl.value));
    if (reception.kind === 'begun') return this.#goOn(reception.logout, browserToken, reply);
    return checked.redirectTo === null ? sendSignedOut(reply, null) : found(reply, checked.redirectTo);
  }

  /** With nobody to ask it is over at once. */
  async #goOn(logout: Logout, browserToken: string, reply: FastifyReply): Promise<string> {
    if (currentStep(logout) !== -1) return redirect(reply, `/logout?state=${logout.id}`);
    const turn = await this.logouts.turn(logout.id, browserToken);
    if (turn.kind === 'leave') return found(reply, turn.url);
    if (turn.kind === 'signed_out') return sendSignedOut(reply, await this.logouts.outcomeOf(turn));
    return redirect(reply, `/logout?state=${logout.id}`);
  }

  #browserToken(request: FastifyRequest, reply: FastifyReply): string {
    const kept = readBrowserToken(request);
    if (kept !== undefined) return kept;
    const token = this.randomness.bytes(32).toString('base64url');
    setBrowserCookie(reply, token, { secure: isSecure(this.baseUrl.value) });
    return token;
  }
}

const asSent = ({ postLogoutRedirectUri, state }: CheckedRpLogout['sent']): Record<string, string> => ({
  ...(postLogoutRedirectUri !== undefined && { post_logout_redirect_uri: postLogoutRedirectUri }),
  ...(state !== undefined && { state }),
});

/** As Auth0 answers; to a GET it means what 303 does. */
function found(reply: FastifyReply, location: string): string {
  redirect(reply, location);
  reply.code(302);
  return '';
}
