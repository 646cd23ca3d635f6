import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { LogoutDeliveriesService } from '../../login/logout-deliveries.service.js';
import { LogoutsService, deliveryIdsOf } from '../../login/logouts.service.js';
import { logoutPage, logoutsPage } from '../pages/logouts-page.js';
import { formatSchema, negotiate, type Format } from './negotiate.js';

const schema = z.strictObject({ format: formatSchema });

/** Those that are kept, a day's, seldom fill it. */
const SHOWN = 100;

/** `/debug/logouts`: single logouts, whom each asked, and every message of it; back-channel logouts, and what became of each. JSON for programs, pages for people. */
@ApiTags('debug')
@Controller('debug/logouts')
export class DebugLogoutsController {
  constructor(
    private readonly logouts: LogoutsService,
    private readonly deliveries: LogoutDeliveriesService,
  ) {}

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
      {
        load: async () => ({
          items: await this.logouts.list(SHOWN),
          deliveries: await this.deliveries.list(SHOWN),
        }),
        json: (shown) => shown,
        page: logoutsPage,
      },
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
      {
        load: async () => {
          const logout = await this.logouts.get(id);
          return { logout, deliveries: await this.deliveries.getAll(deliveryIdsOf(logout)) };
        },
        json: ({ logout, deliveries }) => ({ ...logout, deliveries }),
        page: logoutPage,
      },
    );
  }
}
