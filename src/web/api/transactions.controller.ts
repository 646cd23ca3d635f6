import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  claimValueSchema,
  denyBodySchema,
  samlResponsePatchSchema,
  scopeSchema,
  transactionBodySchema,
  type SamlResponsePatch,
  type TransactionBody,
} from '../../login/transaction-body.js';
import {
  patchSettings,
  setAttribute,
  setClaim,
  setScope,
  takeAttributeBack,
  takeClaimBack,
  type Token,
} from '../../login/transaction-settings.js';
import { transactionView } from '../../login/transaction-view.js';
import { TransactionsService } from '../../login/transactions.service.js';
import { refuseScopeClaim } from '../../protocol/jwt/restricted-claims.js';
import {
  attributeNameSchema,
  attributeValueSchema,
  type AttributeValue,
} from '../../protocol/saml/settings.js';
import type { Transaction } from '../../tenant/transaction.js';
import { apiRequestFactsOf } from '../request-facts.js';
import { listingOf, transactionQuerySchema, type TransactionQuery } from '../transaction-query.js';

const attributeBodySchema = z.strictObject({ value: attributeValueSchema.nullable() });
const claimBodySchema = z.strictObject({ value: claimValueSchema });
const claimName = z.string().min(1).max(1024);

type View = Record<string, unknown>;
const view = async (transaction: Promise<Transaction>): Promise<View> => transactionView(await transaction);

/** `/api/transactions`: a login over REST (design: HTTP surface). */
@ApiTags('transactions')
@Controller('api/transactions')
export class TransactionsController {
  constructor(private readonly transactions: TransactionsService) {}

  @Post()
  create(
    @Body({ schema: transactionBodySchema }) body: TransactionBody,
    @Req() request: FastifyRequest,
  ): Promise<View> {
    return view(this.transactions.create(body, apiRequestFactsOf(request)));
  }

  @Get()
  async list(@Query({ schema: transactionQuerySchema }) query: TransactionQuery): Promise<View> {
    const { items, next } = await this.transactions.list(listingOf(query));
    return { items: items.map(transactionView), next };
  }

  @Get(':id')
  get(@Param('id') id: string): Promise<View> {
    return view(this.transactions.get(id));
  }

  @Post(':id/complete')
  @HttpCode(200)
  complete(@Param('id') id: string): Promise<View> {
    return view(this.transactions.complete(id));
  }

  @Post(':id/deny')
  @HttpCode(200)
  deny(
    @Param('id') id: string,
    @Body({ schema: denyBodySchema }) { reason }: { reason: string },
  ): Promise<View> {
    return view(this.transactions.deny(id, reason));
  }

  @Patch(':id/saml-response')
  patchSamlResponse(
    @Param('id') id: string,
    @Body({ schema: samlResponsePatchSchema }) body: SamlResponsePatch,
  ): Promise<View> {
    const setter = Object.keys(body).join(', ');
    return view(
      this.transactions.configure(id, { setter }, (transaction) => patchSettings(transaction, body)),
    );
  }

  @Put(':id/saml-response/attributes/:name')
  setAttribute(
    @Param('id') id: string,
    @Param('name', { schema: attributeNameSchema }) name: string,
    @Body({ schema: attributeBodySchema }) { value }: { value: AttributeValue | null },
  ): Promise<View> {
    return view(
      this.transactions.configure(id, { setter: 'setAttribute', name }, (transaction) =>
        setAttribute(transaction, name, value),
      ),
    );
  }

  @Delete(':id/saml-response/attributes/:name')
  takeAttributeBack(@Param('id') id: string, @Param('name') name: string): Promise<View> {
    return view(
      this.transactions.configure(id, { setter: 'setAttribute (taken back)', name }, (transaction) =>
        takeAttributeBack(transaction, name),
      ),
    );
  }

  @Put(':id/id-token/custom-claims/:name')
  setIdTokenClaim(
    @Param('id') id: string,
    @Param('name', { schema: claimName }) name: string,
    @Body({ schema: claimBodySchema }) { value }: { value: unknown },
  ): Promise<View> {
    return this.#setClaim(id, 'idToken', name, value);
  }

  @Delete(':id/id-token/custom-claims/:name')
  takeIdTokenClaimBack(@Param('id') id: string, @Param('name') name: string): Promise<View> {
    return this.#takeClaimBack(id, 'idToken', name);
  }

  @Put(':id/access-token/custom-claims/:name')
  setAccessTokenClaim(
    @Param('id') id: string,
    @Param('name', { schema: claimName }) name: string,
    @Body({ schema: claimBodySchema }) { value }: { value: unknown },
  ): Promise<View> {
    return this.#setClaim(id, 'accessToken', name, value);
  }

  @Delete(':id/access-token/custom-claims/:name')
  takeAccessTokenClaimBack(@Param('id') id: string, @Param('name') name: string): Promise<View> {
    return this.#takeClaimBack(id, 'accessToken', name);
  }

  @Put(':id/access-token/scopes/:scope')
  addScope(@Param('id') id: string, @Param('scope', { schema: scopeSchema }) scope: string): Promise<View> {
    return view(
      this.transactions.configure(id, { setter: 'addScope', name: scope }, (transaction) =>
        setScope(transaction, scope, true),
      ),
    );
  }

  @Delete(':id/access-token/scopes/:scope')
  removeScope(
    @Param('id') id: string,
    @Param('scope', { schema: scopeSchema }) scope: string,
  ): Promise<View> {
    return view(
      this.transactions.configure(id, { setter: 'removeScope', name: scope }, (transaction) =>
        setScope(transaction, scope, false),
      ),
    );
  }

  #setClaim(id: string, token: Token, name: string, value: unknown): Promise<View> {
    refuseScopeClaim(token === 'idToken' ? 'id_token' : 'access_token', name);
    const what = { setter: `${token}.setCustomClaim`, name };
    return view(
      this.transactions.configure(id, what, (transaction) => setClaim(transaction, token, name, value)),
    );
  }

  #takeClaimBack(id: string, token: Token, name: string): Promise<View> {
    const what = { setter: `${token}.setCustomClaim (taken back)`, name };
    return view(
      this.transactions.configure(id, what, (transaction) => takeClaimBack(transaction, token, name)),
    );
  }
}
