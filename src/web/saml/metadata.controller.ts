import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { metadataOf, type IdentityProvider } from '../../login/identity-provider.js';
import { IdentityProviderService } from '../../login/identity-provider.service.js';
import { writeIdpMetadata } from '../../protocol/saml/idp-metadata.js';
import { XML_POLICY } from '../xml-policy.js';

/** So short that a rotation is soon seen, so long that a burst of service providers asks once. */
const CACHE = 'public, max-age=15';

/**
 * `/samlp/metadata`: what service providers read of us (SAML Metadata 2.4.3), each its own or all the same. It is downloaded as its media
 * type asks; `?view` shows it instead. Public, so pages of any origin may read it (CORS).
 */
@ApiTags('saml')
@Controller('samlp/metadata')
export class MetadataController {
  constructor(private readonly identityProvider: IdentityProviderService) {}

  @Get()
  async shared(
    @Query('view') view: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return sendMetadata(reply, await this.identityProvider.shared(), 'mintmark', view !== undefined);
  }

  @Get(':clientId')
  async ofClient(
    @Param('clientId') clientId: string,
    @Query('view') view: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { idp } = await this.identityProvider.ofClient(clientId);
    return sendMetadata(reply, idp, `mintmark-${clientId}`, view !== undefined);
  }
}

function sendMetadata(reply: FastifyReply, idp: IdentityProvider, name: string, view: boolean): string {
  const fileName = `${name.replace(/[^\w.-]/g, '_')}-metadata.xml`;
  reply.headers({
    // browsers save the one and show the other (SAML Metadata, appendix A)
    'content-type': view ? 'application/xml' : 'application/samlmetadata+xml',
    'content-disposition': `${view ? 'inline' : 'attachment'}; filename="${fileName}"`,
    'cache-control': CACHE,
    'access-control-allow-origin': '*',
    'content-security-policy': XML_POLICY,
  });
  return writeIdpMetadata(metadataOf(idp));
}
