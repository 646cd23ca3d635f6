import { Module } from '@nestjs/common';
import { LoginModule } from '../login/login.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { ActionTestsController } from './api/action-tests.controller.js';
import { ActionsController } from './api/actions.controller.js';
import { ClientGrantsController } from './api/client-grants.controller.js';
import { ClientsController } from './api/clients.controller.js';
import { ConnectionsController } from './api/connections.controller.js';
import { ImportMetadataController } from './api/import-metadata.controller.js';
import { KeysController } from './api/keys.controller.js';
import { OrganizationMembersController } from './api/organization-members.controller.js';
import { OrganizationsController } from './api/organizations.controller.js';
import { RefreshTokensController } from './api/refresh-tokens.controller.js';
import { ResourceServersController } from './api/resource-servers.controller.js';
import { RolesController } from './api/roles.controller.js';
import { SigningKeysController } from './api/signing-keys.controller.js';
import { SessionsController } from './api/sessions.controller.js';
import { TenantSettingsController } from './api/tenant-settings.controller.js';
import { TransactionsController } from './api/transactions.controller.js';
import { TriggersController } from './api/triggers.controller.js';
import { UserAuthorizationController } from './api/user-authorization.controller.js';
import { UsersController } from './api/users.controller.js';
import { DebugClientsController } from './debug/clients.controller.js';
import { DebugController } from './debug/debug.controller.js';
import { DebugLogoutsController } from './debug/logouts.controller.js';
import { DemoController } from './demo/demo.controller.js';
import { HealthController } from './health/health.controller.js';
import { HomeController } from './home/home.controller.js';
import { ActivateController } from './login/activate.controller.js';
import { ContinueController } from './login/continue.controller.js';
import { LoginController } from './login/login.controller.js';
import { AuthorizeController } from './oidc/authorize.controller.js';
import { IntrospectionController } from './oauth/introspection.controller.js';
import { NotionAuthorizeController } from './oauth/notion-authorize.controller.js';
import { NotionController } from './oauth/notion.controller.js';
import { DeviceAuthorizationController } from './oauth/device-authorization.controller.js';
import { PushedRequestController } from './oauth/pushed-request.controller.js';
import { RevocationController } from './oauth/revocation.controller.js';
import { TokenController } from './oauth/token.controller.js';
import { UserinfoController } from './oauth/userinfo.controller.js';
import { OidcLogoutController } from './oidc/logout.controller.js';
import { DiscoveryController } from './oidc/discovery.controller.js';
import { MetadataController } from './saml/metadata.controller.js';
import { AdminTokenHash } from './operator/admin-token-hash.js';
import { OperatorController } from './operator/operator.controller.js';
import { LogoutPageController } from './saml/logout-page.controller.js';
import { LogoutController } from './saml/logout.controller.js';
import { SsoController } from './saml/sso.controller.js';

/** Every controller. */
@Module({
  imports: [LoginModule, TokensModule],
  providers: [AdminTokenHash],
  controllers: [
    TransactionsController,
    ClientsController,
    ImportMetadataController,
    UsersController,
    UserAuthorizationController,
    ResourceServersController,
    ClientGrantsController,
    ConnectionsController,
    RolesController,
    OrganizationsController,
    OrganizationMembersController,
    SessionsController,
    RefreshTokensController,
    TenantSettingsController,
    KeysController,
    SigningKeysController,
    ActionsController,
    ActionTestsController,
    TriggersController,
    SsoController,
    LogoutController,
    LogoutPageController,
    MetadataController,
    LoginController,
    ContinueController,
    OperatorController,
    DebugController,
    DebugLogoutsController,
    DebugClientsController,
    HomeController,
    DemoController,
    AuthorizeController,
    OidcLogoutController,
    DiscoveryController,
    TokenController,
    IntrospectionController,
    RevocationController,
    UserinfoController,
    NotionController,
    NotionAuthorizeController,
    PushedRequestController,
    DeviceAuthorizationController,
    ActivateController,
    HealthController,
  ],
})
export class WebModule {}
