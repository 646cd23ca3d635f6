/** Notion's wire (oauth-oidc.md 12): how it grants, and what of a client's settings its answers tell. Pure. */
import type { Client } from '../tenant/client.js';
import { notionSettingsOf, type NotionOwner, type NotionSettings } from '../tenant/notion-client.js';
import type { OauthSettings } from '../tenant/oauth-settings.js';
import type { UserProfile } from '../tenant/user.js';
import type { TokenResponse } from './token-call.js';

/** No other is spoken of there. */
export const NOTION_GRANT_TYPES: readonly string[] = ['authorization_code', 'refresh_token'];

/** The settings that count where an integration of Notion calls: `speaksNotion` says which client is one. */
export const inNotion = (client: Client, oauth: OauthSettings): OauthSettings => ({
  ...oauth,
  dialect: 'notion',
  refreshToken: {
    ...oauth.refreshToken,
    rotation_type: notionSettingsOf(client).rotate_refresh_tokens ? 'rotating' : 'non-rotating',
  },
});

/** A person who logged in; the workspace where nobody did. */
function ownerOf(user: UserProfile | null): NotionOwner {
  if (user?.user_id === undefined) return { type: 'workspace', workspace: true };
  const { user_id: id, email, name, picture } = user;
  return {
    type: 'user',
    user: {
      object: 'user',
      id,
      // the whole of a person has an email; who has none is told by the id
      ...(email !== undefined && {
        type: 'person',
        person: { email },
        name: name ?? null,
        avatar_url: picture ?? null,
      }),
    },
  };
}

/** 12.2: without what RFC 6749 would say of the token, and with whose workspace it opens. */
export function notionTokenBody(
  { access_token, refresh_token }: Pick<TokenResponse, 'access_token' | 'refresh_token'>,
  notion: NotionSettings,
  user: UserProfile | null,
  requestId: string,
): Readonly<Record<string, unknown>> {
  return {
    access_token,
    token_type: 'bearer',
    refresh_token: refresh_token ?? null,
    bot_id: notion.bot_id,
    workspace_icon: notion.workspace_icon,
    workspace_name: notion.workspace_name,
    workspace_id: notion.workspace_id,
    owner: notion.owner ?? ownerOf(user),
    duplicated_template_id: notion.duplicated_template_id,
    request_id: requestId,
  };
}
