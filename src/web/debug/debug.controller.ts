import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { InspectionService } from '../../login/inspection.service.js';
import { transactionView } from '../../login/transaction-view.js';
import { TransactionsService } from '../../login/transactions.service.js';
import { verifyBodySchema, type VerifyBody } from '../../login/verify-body.js';
import { transactionPage } from '../pages/transaction-page.js';
import { transactionsPage } from '../pages/transactions-page.js';
import { listingOf, transactionQuerySchema } from '../transaction-query.js';
import { XML_POLICY } from '../xml-policy.js';
import { formatSchema, negotiate } from './negotiate.js';

const oneSchema = z.strictObject({ format: formatSchema });
const listSchema = transactionQuerySchema.extend({ format: formatSchema });
/** A form sends the fields that were left empty, too. */
const listQuerySchema = z.preprocess(
  (query) =>
    typeof query === 'object' && query !== null
      ? Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''))
      : query,
  listSchema,
);
type OneQuery = z.infer<typeof oneSchema>;
type ListQuery = z.infer<typeof listSchema>;

/** `/debug`: what was issued and why (design: HTTP surface). The same addresses answer programs with JSON and people with pages. */
@ApiTags('debug')
@Controller('debug')
export class DebugController {
  constructor(
    private readonly transactions: TransactionsService,
    private readonly inspections: InspectionService,
  ) {}

  @Get('transactions')
  list(
    @Query({ schema: listQuerySchema }) query: ListQuery,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const { format: asked, limit: _, cursor, ...filters } = query;
    return negotiate(
      reply,
      { accept, asked },
      {
        load: () => this.transactions.list(listingOf(query)),
        json: ({ items, next }) => ({ items: items.map(transactionView), next }),
        page: ({ items, next }) => transactionsPage(items, next, filters, cursor === undefined),
      },
    );
  }

  @Get('transactions/:id')
  get(
    @Param('id') id: string,
    @Query({ schema: oneSchema }) { format: asked }: OneQuery,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    return negotiate(
      reply,
      { accept, asked },
      {
        load: async () => {
          const transaction = await this.transactions.get(id);
          return { transaction, inspection: await this.inspections.inspect(transaction) };
        },
        json: ({ inspection }) => inspection,
        page: transactionPage,
      },
    );
  }

  @Get('transactions/:id/response.xml')
  async response(@Param('id') id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer> {
    return sendXml(reply, `${id}.response.xml`, await this.inspections.response(id));
  }

  @Get('transactions/:id/assertion.xml')
  async assertion(@Param('id') id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer> {
    return sendXml(reply, `${id}.assertion.xml`, await this.inspections.assertion(id));
  }

  @Post('verify')
  @HttpCode(200)
  verify(@Body({ schema: verifyBodySchema }) body: VerifyBody): Promise<unknown> {
    return this.inspections.verify(body);
  }
}

function sendXml(reply: FastifyReply, name: string, bytes: Buffer): Buffer {
  reply.headers({
    'content-type': 'application/xml',
    'content-disposition': `inline; filename="${name.replace(/[^\w.-]/g, '_')}"`,
    'content-security-policy': XML_POLICY,
    'referrer-policy': 'no-referrer',
  });
  return bytes;
}
