import { Injectable } from '@nestjs/common';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import { ClientGrantStore } from '../storage/client-grant-store.js';
import { OrganizationStore } from '../storage/organization-store.js';
import { PermissionStore } from '../storage/permission-store.js';
import { ResourceServerStore } from '../storage/resource-server-store.js';
import { RoleStore } from '../storage/role-store.js';
import { grantedScopes } from '../tenant/client-grant.js';
import type { Organization } from '../tenant/organization.js';
import type { ResourceServer } from '../tenant/resource-server.js';

/** Of an organization's roles that a member has, so many are looked at. */
const MOST_ROLES = 100;

/** What there is to be asked for, and who may have it. */
@Injectable()
export class AuthorizationsService {
  constructor(
    private readonly apis: ResourceServerStore,
    private readonly clientGrants: ClientGrantStore,
    private readonly permissions: PermissionStore,
    private readonly roles: RoleStore,
    private readonly organizations: OrganizationStore,
  ) {}

  /** `null` where nobody manages an API by that name. */
  apiAt(audience: string): Promise<ResourceServer | null> {
    return this.apis.findByIdentifier(audience);
  }

  /** By id or name. */
  organizationCalled(text: string): Promise<Organization | null> {
    return this.organizations.findByIdOrName(text);
  }

  /** The scopes that the client may have of the API for its users; `null` where it may have none of its tokens. */
  async clientScopes(clientId: string, api: ResourceServer): Promise<readonly string[] | null> {
    const { policy } = api.subject_type_authorization.user;
    if (policy === 'deny_all') return null;
    if (policy === 'allow_all') return api.scopes.map(({ value }) => value);
    const grant = await this.clientGrants.find(clientId, api.identifier, 'user');
    return grant && grantedScopes(grant, api);
  }

  /** The same; `null` where nobody manages the API. Errors: `client_grant_missing`. */
  async requireClientScopes(clientId: string, api: ResourceServer | null): Promise<readonly string[] | null> {
    const allowed = api && (await this.clientScopes(clientId, api));
    if (api && !allowed)
      throw new OAuthError(
        'client_grant_missing',
        'the API does not give the application tokens for its users; see subject_type_authorization of the API, and make a client grant for the subject_type user',
        { about: api.identifier },
      );
    return allowed;
  }

  /** The scopes of the API that the user may have; `null` where it does not cut them. */
  async permissionsAt(audience: string, userId: string): Promise<readonly string[] | null> {
    const api = await this.apiAt(audience);
    return api?.enforce_policies === true ? this.permissions.permissionsOf(userId, audience) : null;
  }

  isMember(organizationId: string, userId: string): Promise<boolean> {
    return this.organizations.isMember(organizationId, userId);
  }

  /** The names of the user's roles, those in the organization after the others. */
  async rolesOf(userId: string, organizationId: string | undefined): Promise<readonly string[]> {
    const own = await this.roles.ofUser(userId);
    const { items } =
      organizationId === undefined
        ? { items: [] }
        : await this.organizations.memberRoles(organizationId, userId, { page: 0, perPage: MOST_ROLES });
    return [...new Set([...own, ...items].map(({ name }) => name))];
  }
}
