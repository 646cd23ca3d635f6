import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { actionTestBodySchema, type ActionTestBody } from '../../login/actions/action-test-body.js';
import type { ActionTestView } from '../../login/actions/action-test-view.js';
import { ActionTestsService } from '../../login/actions/action-tests.service.js';
import { apiRequestFactsOf } from '../request-facts.js';

/** `/api/actions/test`: an Action on trial, in a login that leaves nothing behind. */
@ApiTags('actions')
@Controller('api/actions')
export class ActionTestsController {
  constructor(private readonly tests: ActionTestsService) {}

  /** The answer is the outcome of the login, what the Action did in it, and what would have been issued. */
  @Post('test')
  @HttpCode(200)
  test(
    @Body({ schema: actionTestBodySchema }) body: ActionTestBody,
    @Req() request: FastifyRequest,
  ): Promise<ActionTestView> {
    return this.tests.test(body, apiRequestFactsOf(request));
  }
}
