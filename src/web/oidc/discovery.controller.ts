import { Controller, Get, Header } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { TenantService } from '../../login/tenant.service.js';
import { discoveryDocument, type DiscoveryDocument } from '../../protocol/jwt/discovery.js';
import type { Jwks } from '../../protocol/jwt/jwks.js';
import { TOKEN_ALGORITHMS } from '../../tenant/client.js';

/** So short that a rotation is soon seen, so long that a burst of relying parties asks once. */
const CACHE = 'public, max-age=15';

/** What relying parties fetch of the tenant; public, so pages of any origin may read it (border/cross-origin.ts). */
@ApiTags('discovery')
@Controller('.well-known')
export class DiscoveryController {
  constructor(private readonly tenants: TenantService) {}

  /** OIDC Discovery 4, and RFC 8414 3: one document by two names, as Auth0 has it. */
  @Get(['openid-configuration', 'oauth-authorization-server'])
  @Header('cache-control', CACHE)
  async configuration(): Promise<DiscoveryDocument> {
    const { issuer, settings } = await this.tenants.current();
    return discoveryDocument(
      issuer,
      TOKEN_ALGORITHMS,
      settings.authorization_response_iss_parameter_supported,
    );
  }

  /** RFC 7517 5: the current keys and the earlier ones. */
  @Get('jwks.json')
  @Header('cache-control', CACHE)
  jwks(): Promise<Jwks> {
    return this.tenants.jwks();
  }
}
