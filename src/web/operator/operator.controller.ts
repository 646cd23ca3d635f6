import { createHash } from 'node:crypto';
import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BaseUrl, Clock } from '../../login/ports.js';
import { LoginAttemptStore } from '../../storage/login-attempt-store.js';
import { isAdminToken } from '../border/admin-token.js';
import { operatorPass } from '../border/operator-pass.js';
import { setOperatorCookie } from '../cookies.js';
import { isSecure, redirect } from '../login/answer.js';
import { operatorPage } from '../pages/operator-page.js';
import { sendProtocolPage } from '../pages/protocol-page.js';
import { AdminTokenHash } from './admin-token-hash.js';

/** Of one address in a minute. The token has at least 16 characters, so this is to keep the log of failures short. */
const ATTEMPTS = 20;
const WINDOW_IN_SECONDS = 60;

/** The form that the guard shows a browser which has no admin token. */
@ApiExcludeController()
@Controller('operator')
export class OperatorController {
  constructor(
    private readonly adminToken: AdminTokenHash,
    private readonly attempts: LoginAttemptStore,
    private readonly clock: Clock,
    private readonly baseUrl: BaseUrl,
  ) {}

  @Post()
  @HttpCode(200)
  async enter(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const form = new URLSearchParams(typeof body === 'string' ? body : '');
    const next = pathOf(form.get('next'));
    const { value: hash } = this.adminToken;
    const now = this.clock.now();
    const { count } = await this.attempts.count(
      `operator:${createHash('sha256').update(request.ip).digest('base64url')}`,
      now,
      WINDOW_IN_SECONDS,
    );
    if (count > ATTEMPTS) return this.#again(reply.code(429), next, 'Too many attempts: wait a minute.');
    // on loopback the guard asks for none
    if (hash === null) return redirect(reply, next);
    if (!isAdminToken(form.get('token')?.trim() ?? '', hash))
      return this.#again(reply.code(401), next, 'That is not the admin token of this server.');
    const { pass, expiresAt } = operatorPass(hash, now);
    setOperatorCookie(reply, pass, { expiresAt, secure: isSecure(this.baseUrl.value) });
    return redirect(reply, next);
  }

  #again(reply: FastifyReply, next: string, problem: string): string {
    return sendProtocolPage(reply, operatorPage({ next, problem }), { formAction: 'self' });
  }
}

/** Only ever a page of the inspector: this is no way to other servers. */
const pathOf = (next: string | null): string =>
  next !== null && /^\/(?:debug|api)(?:[/?][\w\-.~/?=&%]*)?$/.test(next) ? next : '/debug/transactions';
