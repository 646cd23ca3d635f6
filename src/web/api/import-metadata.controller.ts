import { Body, Controller, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { ServiceProvidersService } from '../../login/service-providers.service.js';
import { clientView } from '../../tenant/client-changes.js';
import { clientBodySchema, type Client } from '../../tenant/client.js';
import { webUrl } from '../../tenant/web-url.js';

const bodySchema = z
  .strictObject({
    xml: z
      .string('must be string')
      .min(1, 'must NOT be empty')
      .optional()
      .describe('the metadata itself: an EntityDescriptor with an SPSSODescriptor'),
    url: webUrl.optional().describe('where the metadata is fetched from'),
    name: clientBodySchema.shape.name.optional(),
    client_id: clientBodySchema.shape.client_id.describe(
      'of the client that is made or updated; left out, the one that has the entity ID, else a new one',
    ),
  })
  .superRefine(({ xml, url }, context) => {
    if (xml === undefined && url === undefined)
      context.addIssue({ code: 'custom', path: ['xml'], message: 'is missing: give xml or url' });
    if (xml !== undefined && url !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['url'],
        message: 'must NOT stand beside xml: give one of them',
      });
  });
type ImportBody = z.infer<typeof bodySchema>;

/** `/api/clients/import-metadata`: a client from what a service provider publishes of itself (design: HTTP surface). */
@ApiTags('clients')
@Controller('api/clients')
export class ImportMetadataController {
  constructor(private readonly serviceProviders: ServiceProvidersService) {}

  /** 201 where the client was made, 200 where it was there. */
  @Post('import-metadata')
  async import(
    @Body({ schema: bodySchema }) { xml, url, name, client_id }: ImportBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ client: Client; taken: readonly string[]; ignored: readonly string[] }> {
    const source = xml === undefined ? { url: url! } : { xml };
    const { client, created, taken, ignored } = await this.serviceProviders.import(source, {
      name,
      client_id,
    });
    reply.status(created ? 201 : 200);
    return { client: clientView(client), taken, ignored };
  }
}
