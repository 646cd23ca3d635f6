import { setTimeout as pause } from 'node:timers/promises';
import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { TenantService } from '../../login/tenant.service.js';
import { SettingsStore } from '../../storage/settings-store.js';
import { VERSION } from '../version.js';

/** A balancer asks again before long; a database that does not answer by then is not ready. */
const PATIENCE_MS = 2_000;

type State = 'ok' | 'failed';

async function stateOf(check: () => Promise<unknown>): Promise<State> {
  const late = new AbortController();
  try {
    const outcome = check().then((): State => 'ok');
    const lateness = pause<State>(PATIENCE_MS, 'failed', { signal: late.signal });
    return await Promise.race([outcome, lateness]);
  } catch {
    return 'failed';
  } finally {
    late.abort();
  }
}

/** `GET /health`: whether a login would succeed now. Answered under any Host, without a token, and without a secret. */
@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly settings: SettingsStore,
    private readonly tenants: TenantService,
  ) {}

  @Get()
  @Header('cache-control', 'no-store')
  async health(@Res({ passthrough: true }) reply: FastifyReply): Promise<Record<string, string>> {
    const [database, key] = await Promise.all([
      stateOf(() => this.settings.revision()),
      stateOf(() => this.tenants.current()),
    ]);
    const isReady = database === 'ok' && key === 'ok';
    reply.status(isReady ? 200 : 503);
    return { status: isReady ? 'ok' : 'unavailable', database, key, version: VERSION };
  }
}
