import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Credentials, LoginAnswer, LoginPrompt, WrongCredentials } from '../../login/browser-login.js';
import { BrowserLoginsService } from '../../login/browser-logins.service.js';
import { LoginError, type LoginErrorCode } from '../../login/login-error.js';
import { BaseUrl } from '../../login/ports.js';
import { wishesOf } from '../../login/wishes.js';
import { MintmarkError } from '../../protocol/mintmark-error.js';
import { problemOf } from '../border/problem-details.js';
import { setBrowserCookie } from '../cookies.js';
import { csrfTokenOf, isCsrfToken } from '../csrf.js';
import { loginPage } from '../pages/login-page.js';
import { sendProtocolPage } from '../pages/protocol-page.js';
import { isSecure, sendAnswer, sendRefusal } from './answer.js';
import { browserOf, refuseHead } from './browser.js';

/** The login page: where a person says who they are. It works without a script. */
@ApiExcludeController()
@Controller('login')
export class LoginController {
  constructor(
    private readonly logins: BrowserLoginsService,
    private readonly baseUrl: BaseUrl,
  ) {}

  @Get()
  async show(
    @Query('state') state: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    refuseHead(request);
    return this.#answer(reply, stateOf(state), (id) => this.logins.resume(id, browserOf(request)));
  }

  @Post()
  @HttpCode(200)
  async submit(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const form = new URLSearchParams(typeof body === 'string' ? body : '');
    const browser = browserOf(request);
    return this.#answer(reply, form.get('state') ?? '', (id) => {
      if (!isCsrfToken(form.get('csrf') ?? '', browser.browserToken, id))
        throw new LoginError(
          'login_form_stale',
          'This form is not of a page that this browser was shown, or cookies are not kept. Allow cookies for this server, and start again at the application.',
        );
      if (form.get('action') === 'cancel') return this.logins.cancel(id, browser);
      return this.logins.submit(id, credentialsOf(form), browser, request.ip);
    });
  }

  async #answer(
    reply: FastifyReply,
    id: string,
    ask: (id: string) => Promise<LoginAnswer | LoginPrompt | WrongCredentials>,
  ): Promise<string> {
    try {
      const answer = await ask(id);
      if (answer.kind === 'page') return this.#page(reply, answer);
      if (answer.kind === 'wrong') return this.#page(reply, answer.prompt, answer);
      return sendAnswer(reply, answer, this.baseUrl.value);
    } catch (error) {
      if (!(error instanceof MintmarkError)) throw error;
      // after a double click the answer to the first one never reached the browser
      if (GOES_ON.has(error.code)) reply.header('refresh', `1; url=/login?state=${encodeURIComponent(id)}`);
      return sendRefusal(reply, error, null);
    }
  }

  #page(reply: FastifyReply, prompt: LoginPrompt, wrong?: WrongCredentials): string {
    const { transaction, client, browserToken, isNewBrowser, leadsAway, users } = prompt;
    if (isNewBrowser) setBrowserCookie(reply, browserToken, { secure: isSecure(this.baseUrl.value) });
    const error = wrong?.error;
    if (error) {
      reply.code(problemOf(error).status);
      const seconds = error.extensions['retry_after_seconds'];
      if (typeof seconds === 'number') reply.header('retry-after', String(seconds));
    }
    const username = wrong?.username ?? wishesOf(transaction).loginHint;
    return sendProtocolPage(
      reply,
      loginPage({
        state: transaction.id,
        csrf: csrfTokenOf(browserToken, transaction.id),
        clientName: client?.name ?? transaction.clientId ?? '',
        ...(username !== undefined && { username }),
        ...(error && { problem: error.description }),
        users: users.map(({ user_id, name, email }) => ({
          user_id,
          name: name ?? email ?? user_id,
          ...(email !== undefined && { email }),
        })),
        canCancel: true,
      }),
      // browsers hold the policy against what the post redirects to, too
      { formAction: leadsAway ? 'anywhere' : 'self', leadsTo: transaction.oidc?.request?.redirectUri },
    );
  }
}

/** The login is being made, or was made, by another request of this browser. */
const GOES_ON: ReadonlySet<string> = new Set<LoginErrorCode>([
  'transaction_running',
  'transaction_suspended',
]);

const stateOf = (state: unknown): string => (typeof state === 'string' ? state : '');

function credentialsOf(form: URLSearchParams): Credentials {
  const userId = form.get('user_id');
  if (userId !== null) return { userId };
  return { username: form.get('username') ?? '', password: form.get('password') ?? '' };
}
