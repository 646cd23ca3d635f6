import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { IdentityProviderService } from '../../login/identity-provider.service.js';
import { TenantService } from '../../login/tenant.service.js';
import { discoveryDocument } from '../../protocol/jwt/discovery.js';
import { ClientStore } from '../../storage/client-store.js';
import { TOKEN_ALGORITHMS } from '../../tenant/client.js';
import { entityIdOfServiceProvider } from '../../tenant/saml-addon.js';
import { clientPage } from '../pages/client-page.js';
import { clientsPage } from '../pages/clients-page.js';
import { describeClient } from './client-description.js';
import { formatSchema, negotiate, type Format } from './negotiate.js';

const oneSchema = z.strictObject({ format: formatSchema });
const listSchema = z.strictObject({
  format: formatSchema,
  page: z.coerce.number('must be integer').int('must be integer').min(0).max(1_000_000).default(0),
});
type ListQuery = z.infer<typeof listSchema>;

const PER_PAGE = 50;

/** `/debug/clients`: what to paste into each service provider and application. JSON for programs, pages for people. */
@ApiTags('debug')
@Controller('debug/clients')
export class DebugClientsController {
  constructor(
    private readonly clients: ClientStore,
    private readonly identityProvider: IdentityProviderService,
    private readonly tenants: TenantService,
  ) {}

  @Get()
  list(
    @Query({ schema: listSchema }) { format: asked, page }: ListQuery,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    return negotiate(
      reply,
      { accept, asked },
      {
        load: () => this.clients.list({ page, perPage: PER_PAGE }),
        json: ({ items, total }) => ({
          items: items.map(({ client_id, name, callbacks, addons: { samlp } }) => ({
            client_id,
            name,
            protocol: samlp ? 'samlp' : 'oidc',
            entity_id: samlp ? (entityIdOfServiceProvider(samlp) ?? null) : null,
            callbacks,
          })),
          total,
        }),
        page: ({ items, total }) => clientsPage({ items, total, page, perPage: PER_PAGE }),
      },
    );
  }

  @Get(':clientId')
  get(
    @Param('clientId') clientId: string,
    @Query({ schema: oneSchema }) { format: asked }: { format?: Format },
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    return negotiate(
      reply,
      { accept, asked },
      {
        load: async () => {
          const { client, idp } = await this.identityProvider.ofClient(clientId);
          const { issuer, settings } = await this.tenants.current();
          const hasIss = settings.authorization_response_iss_parameter_supported;
          return describeClient(client, idp, discoveryDocument(issuer, TOKEN_ALGORITHMS, hasIss));
        },
        json: (description) => description,
        page: clientPage,
      },
    );
  }
}
