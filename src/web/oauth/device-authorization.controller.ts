import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DeviceAuthorizationsService } from '../../tokens/device-authorizations.service.js';
import { sendClientAnswer } from './client-answer.js';
import { tokenCallOf } from './token-call.js';

/** Where devices ask to be let in (RFC 8628 3.1). */
@ApiTags('oauth')
@Controller('oauth')
export class DeviceAuthorizationController {
  constructor(private readonly devices: DeviceAuthorizationsService) {}

  @Post('device/code')
  async begin(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await sendClientAnswer(reply, await this.devices.begin(tokenCallOf(request)));
  }
}
