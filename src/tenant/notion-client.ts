/** What Notion's token answers tell of an integration, as settings of a client; and what stands where they are left out. */
import { hash } from 'node:crypto';
import { z } from 'zod';

const text = z.string('must be string').min(1, 'must NOT be empty').max(2048);
const nullableText = z.string('must be string').max(2048).nullable().optional();

const person = z.strictObject({
  object: z.literal('user', 'must be user'),
  id: text,
  type: z.literal('person', 'must be person').optional(),
  person: z.strictObject({ email: text }).optional(),
  name: nullableText,
  avatar_url: nullableText,
});
/** Whose workspace it is; left out, the user who logged in. */
const owner = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ type: z.literal('workspace'), workspace: z.literal(true, 'must be true') }),
    z.strictObject({ type: z.literal('user'), user: person }),
  ],
  'must be an object whose type is workspace or user',
);

export const notionSettingsSchema = z.strictObject({
  bot_id: text.optional(),
  workspace_id: text.optional(),
  workspace_name: text.optional(),
  workspace_icon: text.optional(),
  owner: owner.optional(),
  duplicated_template_id: text.optional(),
  /** Whether a refresh gives a new refresh token; without it there is none in the answer, and the old one stays valid. */
  rotate_refresh_tokens: z.boolean('must be boolean').optional(),
  /** Of errors: as OAuth writes them, or as Notion's SDK understands them. */
  error_shape: z.enum(['oauth', 'notion'], { error: 'must be oauth or notion' }).optional(),
});
export type NotionSettingsBody = z.infer<typeof notionSettingsSchema>;
export type NotionOwner = z.infer<typeof owner>;

export interface NotionSettings {
  readonly bot_id: string;
  readonly workspace_id: string;
  readonly workspace_name: string | null;
  readonly workspace_icon: string | null;
  /** `null`: the user who logged in. */
  readonly owner: NotionOwner | null;
  readonly duplicated_template_id: string | null;
  readonly rotate_refresh_tokens: boolean;
  readonly error_shape: 'oauth' | 'notion';
}

/** Whether a client is an integration of Notion at all. By Notion's path any client may call, and hears Notion's words: what it is granted follows its own settings. */
export const speaksNotion = ({
  oauth_dialect: dialect,
  notion,
}: {
  readonly oauth_dialect?: string | undefined;
  readonly notion?: NotionSettingsBody | undefined;
}): boolean => dialect === 'notion' || notion !== undefined;

/** The same at each start: a UUID (RFC 9562 5.8) of the client and the name. */
function uuidOf(clientId: string, name: string): string {
  const digest = Buffer.from(hash('sha256', JSON.stringify([clientId, name]), 'hex'), 'hex').subarray(0, 16);
  digest[6] = (digest[6]! & 0x0f) | 0x80;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  return digest.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function notionSettingsOf({
  client_id: clientId,
  notion = {},
}: {
  readonly client_id: string;
  readonly notion?: NotionSettingsBody | undefined;
}): NotionSettings {
  return {
    bot_id: notion.bot_id ?? uuidOf(clientId, 'bot_id'),
    workspace_id: notion.workspace_id ?? uuidOf(clientId, 'workspace_id'),
    workspace_name: notion.workspace_name ?? null,
    workspace_icon: notion.workspace_icon ?? null,
    owner: notion.owner ?? null,
    duplicated_template_id: notion.duplicated_template_id ?? null,
    rotate_refresh_tokens: notion.rotate_refresh_tokens ?? false,
    error_shape: notion.error_shape ?? 'oauth',
  };
}
