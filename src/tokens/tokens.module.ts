import { Module } from '@nestjs/common';
import { LoginModule } from '../login/login.module.js';
import { AllowedOriginsService } from './allowed-origins.service.js';
import { ClientAuthenticationService } from './client-authentication.service.js';
import { ClientCallsService } from './client-calls.service.js';
import { DeviceAuthorizationsService } from './device-authorizations.service.js';
import { DpopProofsService } from './dpop-proofs.service.js';
import { AuthorizationCodeGrant } from './grants/authorization-code.service.js';
import { ClientCredentialsGrant } from './grants/client-credentials.service.js';
import { DeviceCodeGrant } from './grants/device-code.service.js';
import { GrantsService } from './grants/grants.service.js';
import { PasswordGrant } from './grants/password.service.js';
import { SettledLoginService } from './grants/settled-login.service.js';
import { RefreshTokenGrant } from './grants/refresh-token.service.js';
import { GrantUsersService } from './grant-users.service.js';
import { IntrospectionService } from './introspection.service.js';
import { NotionService } from './notion.service.js';
import { PushedRequestsService } from './pushed-requests.service.js';
import { RevocationService } from './revocation.service.js';
import { TokenExchangeGrant } from './grants/token-exchange.service.js';
import { UserTokensService } from './grants/user-tokens.service.js';
import { SubjectTokensService } from './subject-tokens.service.js';
import { TargetsService } from './targets.service.js';
import { TokenEndpointService } from './token-endpoint.service.js';
import { TokenLookup } from './token-lookup.service.js';
import { UserinfoService } from './userinfo.service.js';

const providers = [
  ClientAuthenticationService,
  DpopProofsService,
  ClientCallsService,
  PushedRequestsService,
  TargetsService,
  GrantUsersService,
  ClientCredentialsGrant,
  SettledLoginService,
  AuthorizationCodeGrant,
  RefreshTokenGrant,
  UserTokensService,
  PasswordGrant,
  DeviceCodeGrant,
  SubjectTokensService,
  TokenExchangeGrant,
  DeviceAuthorizationsService,
  GrantsService,
  TokenEndpointService,
  TokenLookup,
  IntrospectionService,
  RevocationService,
  UserinfoService,
  NotionService,
  AllowedOriginsService,
];

/** What the token endpoint is made of. */
@Module({ imports: [LoginModule], providers, exports: providers })
export class TokensModule {}
