import { Module } from '@nestjs/common';
import { ActionDeploymentService } from './action-deployment.service.js';
import { ActionPrograms } from './actions/action-programs.service.js';
import { ActionTestsService } from './actions/action-tests.service.js';
import { ActionsService } from './actions/actions.service.js';
import { AuthenticationService } from './authentication.service.js';
import { AuthorizationsService } from './authorizations.service.js';
import { BrowserLoginsService } from './browser-logins.service.js';
import { CircumstancesService } from './circumstances.service.js';
import { DeviceLoginsService } from './device-logins.service.js';
import { IdentityProviderService } from './identity-provider.service.js';
import { InspectionService } from './inspection.service.js';
import { LogoutDeliveriesService } from './logout-deliveries.service.js';
import { LogoutMessagesService } from './logout-messages.service.js';
import { LogoutPartiesService } from './logout-parties.service.js';
import { LogoutsService } from './logouts.service.js';
import { OidcLoginsService } from './oidc-logins.service.js';
import { ActionModules, BaseUrl, Clock, DueLogouts, Failures, Randomness } from './ports.js';
import { Retention } from './retention.service.js';
import { RpLogoutsService } from './rp-logouts.service.js';
import { SamlLoginsService } from './saml-logins.service.js';
import { ServiceProvidersService } from './service-providers.service.js';
import { SessionEndsService } from './session-ends.service.js';
import { TokenRetention } from './token-retention.service.js';
import { SessionsService } from './sessions.service.js';
import { TenantService } from './tenant.service.js';
import { TransactionsService } from './transactions.service.js';

const providers = [
  Clock,
  Randomness,
  BaseUrl,
  ActionModules,
  Failures,
  DueLogouts,
  Retention,
  TokenRetention,
  ActionDeploymentService,
  ActionPrograms,
  ActionsService,
  ActionTestsService,
  TenantService,
  CircumstancesService,
  LogoutDeliveriesService,
  SessionEndsService,
  SessionsService,
  AuthenticationService,
  BrowserLoginsService,
  SamlLoginsService,
  OidcLoginsService,
  DeviceLoginsService,
  AuthorizationsService,
  LogoutPartiesService,
  LogoutsService,
  LogoutMessagesService,
  RpLogoutsService,
  TransactionsService,
  InspectionService,
  IdentityProviderService,
  ServiceProvidersService,
];

/** Everything a login is made of; the stores come from the global StorageModule. */
@Module({ providers, exports: providers })
export class LoginModule {}
