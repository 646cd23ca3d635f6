import { Controller, Get, Headers, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { BaseUrl } from '../../login/ports.js';
import { HOME_LINKS, homePage } from '../pages/home-page.js';
import { sendPage } from '../pages/page.js';
import { prefersHtml } from '../pages/prefers-html.js';
import { VERSION } from '../version.js';

/** `/`: where a person begins, and what a program can find here. */
@ApiExcludeController()
@Controller()
export class HomeController {
  constructor(private readonly baseUrl: BaseUrl) {}

  @Get()
  home(
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): unknown {
    reply.header('vary', 'accept');
    const { value: baseUrl } = this.baseUrl;
    if (prefersHtml(accept)) return sendPage(reply, homePage({ version: VERSION, baseUrl }));
    return {
      name: 'mintmark',
      version: VERSION,
      links: Object.fromEntries(HOME_LINKS.map(({ name, path }) => [name, `${baseUrl}${path}`])),
    };
  }
}
