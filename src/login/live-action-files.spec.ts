import { mkdtempSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DeployedAction } from '../tenant/action.js';
import { TenantError } from '../tenant/tenant-error.js';
import { LiveActionFiles, type DeploySaved } from './live-action-files.js';

const NOW = new Date('2026-01-02T03:04:05Z');
const LONG_AGO = new Date('2026-01-01T00:00:00Z');
const clock = { now: () => NOW };

let folder: string;
let path: string;
let deployed: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mintmark-live-'));
  path = join(folder, 'roles.js');
  deployed = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

/** As an editor saves it. */
function save(code: string, at = LONG_AGO): void {
  writeFileSync(path, code);
  utimesSync(path, at, at);
}
const action = (code: string, more: Partial<DeployedAction> = {}): DeployedAction => ({
  id: 'act',
  name: 'Roles',
  trigger: 'post-login',
  version: 1,
  code,
  file: './roles.js',
  liveFile: path,
  modulesFrom: folder,
  dependencies: [],
  secrets: {},
  ...more,
});
const files = (deploySaved?: DeploySaved) =>
  new LiveActionFiles(deploySaved ?? (async (_action, code) => void deployed.push(code)), clock);

test('a file that says what is deployed is left alone', async () => {
  save('// one');
  const live = files();
  expect(await live.refresh([action('// one')])).toBe(false);
  expect(await live.refresh([action('// one')])).toBe(false);
  expect(deployed).toEqual([]);
});

test('a file that was saved is deployed, once', async () => {
  save('// one');
  const live = files();
  await live.refresh([action('// one')]);
  save('// two', new Date('2026-01-01T00:00:01Z'));
  expect(await live.refresh([action('// one')])).toBe(true);
  expect(await live.refresh([action('// two')])).toBe(false);
  expect(deployed).toEqual(['// two']);
});

test('a file that was saved before the first login is deployed by it', async () => {
  save('// two');
  expect(await files().refresh([action('// one')])).toBe(true);
  expect(deployed).toEqual(['// two']);
});

test('saves of one length in one tick of the clock are told apart as long as they are fresh', async () => {
  save('// one', NOW);
  const live = files();
  await live.refresh([action('// one')]);
  save('// two', NOW);
  expect(await live.refresh([action('// one')])).toBe(true);
  expect(deployed).toEqual(['// two']);
});

test('a file that has settled is looked at and not read', async () => {
  save('// one');
  const live = files();
  await live.refresh([action('// one')]);
  // nobody saved it: another instance deployed what its own copy says
  expect(await live.refresh([action('// theirs')])).toBe(false);
  expect(deployed).toEqual([]);
});

test('a file that takes the place of another with its times is noticed', async () => {
  save('// one');
  const live = files();
  await live.refresh([action('// one')]);
  const other = join(folder, 'other.js');
  writeFileSync(other, '// two');
  utimesSync(other, LONG_AGO, LONG_AGO);
  unlinkSync(path);
  symlinkSync(other, path);
  expect(await live.refresh([action('// one')])).toBe(true);
});

test('logins at once deploy one save once', async () => {
  save('// two');
  let finish = (): void => undefined;
  const until = new Promise<void>((resolve) => (finish = resolve));
  const live = files(async (_action, code) => {
    deployed.push(code);
    await until;
  });
  const logins = [1, 2, 3].map(() => live.refresh([action('// one')]));
  finish();
  expect(await Promise.all(logins)).toEqual([true, true, true]);
  expect(deployed).toEqual(['// two']);
});

test('an Action that came over REST has no file to look at', async () => {
  expect(await files().refresh([action('// one', { liveFile: null })])).toBe(false);
});

test.each<[string, () => void, RegExp]>([
  ['cannot be parsed', () => save('const a = 1;\nconst b = ;'), /\.\/roles\.js:2:11: Unexpected token ';'/],
  ['is gone', () => unlinkSync(path), /\.\/roles\.js: it cannot be read/],
  ['is empty', () => save('\n'), /\.\/roles\.js: it is empty/],
  ['is too large', () => save(`//${'x'.repeat(102_400)}`), /\.\/roles\.js: it has more than 102400 bytes/],
])('a file that %s is told at each login until it is mended', async (_what, spoil, said) => {
  save('// one');
  const live = files();
  await live.refresh([action('// one')]);
  spoil();
  for (let login = 1; login <= 2; login++)
    await expect(live.refresh([action('// one')])).rejects.toThrow(
      expect.objectContaining({
        code: 'action_unusable',
        description: expect.stringMatching(said),
      }),
    );
  save('// one');
  expect(await live.refresh([action('// one')])).toBe(false);
  expect(deployed).toEqual([]);
});

test('a save that cannot be deployed is told as the file’s, and a failure of the store as what it is', async () => {
  save('// two');
  const refused = files(() => Promise.reject(new TenantError('invalid_body', 'no such package')));
  await expect(refused.refresh([action('// one')])).rejects.toThrow(
    expect.objectContaining({
      code: 'action_unusable',
      description: 'The Action "Roles" cannot run as it was saved: ./roles.js: no such package.',
    }),
  );
  const away = files(() => Promise.reject(new RangeError('the database is away')));
  await expect(away.refresh([action('// one')])).rejects.toThrow(RangeError);
});
