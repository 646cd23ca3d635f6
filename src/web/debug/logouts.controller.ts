import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { LogoutsService } from '../../login/logouts.service.js';
import { logoutPage, logoutsPage } from '../pages/logouts-page.js';
import { formatSchema, negotiate, type Format } from './negotiate.js';

const schema = z.strictObject({ format: formatSchema });

/** Those that are kept, a day's, seldom fill it. */
const SHOWN = 100;

/** `/debug/logouts`: single logouts, whom each asked, and every message of it. JSON for programs, pages for people. */
@ApiTags('debug')
@Controller('debug/logouts')
export class DebugLogoutsController {
  constructor(private readonly logouts: LogoutsService) {}

  /** The newest first. */
  @Get()
  list(
    @Query({ schema }) { format: asked }: { format?: Format },
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    return negotiate(
      reply,
      { accept, asked },
      { load: () => this.logouts.list(SHOWN), json: (items) => ({ items }), page: logoutsPage },
    );
  }

  @Get(':id')
  get(
    @Param('id') id: string,
    @Query({ schema }) { format: asked }: { format?: Format },
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    return negotiate(
      reply,
      { accept, asked },
      { load: () => this.logouts.get(id), json: (logout) => logout, page: logoutPage },
    );
  }
}
