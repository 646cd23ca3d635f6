import { expect, test } from 'vitest';
import { notionSettingsOf, notionSettingsSchema } from './notion-client.js';

const settingsOf = ({ client_id = 'app', notion }: { client_id?: string; notion?: object } = {}) =>
  notionSettingsOf({ client_id, notion: notion && notionSettingsSchema.parse(notion) });

test("what Notion's answers tell is the same each time, and what the client says where it says something", () => {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  const notion = settingsOf();
  expect(notion.bot_id).toMatch(uuid);
  expect(notion.workspace_id).toMatch(uuid);
  expect(notion.workspace_id).not.toBe(notion.bot_id);
  expect(settingsOf()).toEqual(notion);
  expect(settingsOf({ client_id: 'other' }).bot_id).not.toBe(notion.bot_id);
  const own = {
    bot_id: 'b',
    workspace_id: 'w',
    workspace_name: 'Mint',
    workspace_icon: 'https://icon.test/',
    owner: { type: 'workspace', workspace: true },
    duplicated_template_id: 't',
    rotate_refresh_tokens: true,
    error_shape: 'notion',
  };
  expect(settingsOf({ notion: own })).toEqual(own);
});
