import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ActionDeploymentService, SeededAction } from '../login/action-deployment.service.js';
import type { SessionEndsService } from '../login/session-ends.service.js';
import { jsonPointer } from '../protocol/field-errors.js';
import type { ClientStore } from '../storage/client-store.js';
import type { SettingsStore } from '../storage/settings-store.js';
import { requireStorableKey } from '../storage/storable-key.js';
import type { UserStore } from '../storage/user-store.js';
import { clientFrom } from '../tenant/client-changes.js';
import type { Client } from '../tenant/client.js';
import { hashPassword, verifyPassword } from '../tenant/password.js';
import { readSeedText } from '../tenant/seed-file.js';
import type { Seed } from '../tenant/seed.js';
import { TenantError } from '../tenant/tenant-error.js';
import { tenantSettingsSchema, type TenantSettings } from '../tenant/tenant-settings.js';
import { userFrom } from '../tenant/user-changes.js';
import type { User } from '../tenant/user.js';
import { readSeedAction } from './seed-action.js';
import {
  planAuthorization,
  writeApis,
  writeAssignments,
  writeGrantsAndRoles,
  type AuthorizationStores,
} from './seed-authorization.js';
import { ofEntry, reseeded, type Entry } from './seed-entry.js';
import { StartError, unreadable } from './start-error.js';

/** What a seed file says, with the code of the Actions that it names. */
export interface WholeSeed {
  readonly seed: Seed;
  readonly actions: readonly SeededAction[];
}

/** Throws `seed_unusable` for a file that cannot be read, `seed_invalid` for one that says what it must not, also in the code it names. */
export async function readSeed(
  file: string,
  tryPackages: ActionDeploymentService['tryPackages'],
): Promise<WholeSeed> {
  let yaml: string;
  try {
    yaml = await readFile(file, 'utf8');
  } catch (error) {
    throw new StartError(
      'seed_unusable',
      `The seed file ${file} cannot be read: ${unreadable(error)}. MINTMARK_SEED names another, or none.`,
      { cause: error },
    );
  }
  const { seed, refusal } = readSeedText(yaml, file);
  const read = await Promise.all(seed.actions.map((action) => readSeedAction(action, { file, tryPackages })));
  const errors = read.flatMap(({ fault }, index) =>
    fault ? [{ pointer: jsonPointer(['actions', index, fault.member]), detail: fault.detail }] : [],
  );
  if (errors.length > 0) throw refusal(errors);
  return { seed, actions: read.flatMap(({ action }) => action ?? []) };
}

export interface SeedStores {
  readonly settings: SettingsStore;
  readonly clients: ClientStore;
  readonly users: UserStore;
  readonly ends: SessionEndsService;
  readonly actions: ActionDeploymentService;
  readonly authorization: AuthorizationStores;
}

const seededSettings = (kept: TenantSettings, seed: Seed): TenantSettings =>
  tenantSettingsSchema.parse({ ...kept, ...seed.settings });

/**
 * Writes what the seed describes: the settings it names, and each of the rest whole, in place of the one that is kept.
 * Dates, generated secrets and a password that is still right stay; so does whatever the seed does not name.
 * Everything is checked before anything is written. Throws `seed_invalid`.
 */
export async function applySeed(
  { seed, actions: seededActions }: WholeSeed,
  { settings, clients, users, ends, actions, authorization }: SeedStores,
  circumstances: { readonly file: string; readonly now: Date },
): Promise<void> {
  const { file, now } = circumstances;
  const minimumRsaBits = seededSettings(await settings.get(), seed).minimum_rsa_bits;
  const newClients = seed.clients.map((body): Entry<Client> => ({
    body,
    value: ofEntry(`${file}: client "${body.client_id}"`, () =>
      clientFrom(body, {
        now,
        minimumRsaBits,
        clientId: body.client_id,
        clientSecret: randomBytes(48).toString('base64url'),
      }),
    ),
  }));
  const newUsers = seed.users.map(({ roles: _roles, ...body }): UserEntry => ({
    body,
    password: body.password,
    value: ofEntry(`${file}: user "${body.user_id}"`, () => {
      const user = userFrom(body, { now, id: body.user_id });
      requireStorableKey(user.user_id, '/user_id');
      return user;
    }),
  }));
  refuseSameUsers(newUsers, file);
  const plan = await planAuthorization(seed, authorization, circumstances);

  await settings.update((kept) => seededSettings(kept, seed));
  await writeApis(plan, authorization);
  for (const client of newClients)
    await write(clients, client.value.client_id, client, (store, value) => store.insert(value));
  const roleIds = await writeGrantsAndRoles(plan, authorization);
  for (let first = 0; first < newUsers.length; first += HASHED_AT_ONCE)
    await Promise.all(
      newUsers.slice(first, first + HASHED_AT_ONCE).map((user) => seedUser({ users, ends }, user)),
    );
  await writeAssignments(seed, plan, authorization, { roleIds, now });
  await actions.applySeed(seededActions);
}

/** As many as Node's threadpool has threads. */
const HASHED_AT_ONCE = 4;

interface UserEntry extends Entry<User> {
  readonly password: string | undefined;
}

/** A block and a new password end what they end over REST. */
async function seedUser({ users, ends }: Pick<SeedStores, 'users' | 'ends'>, user: UserEntry): Promise<void> {
  const {
    password,
    value: { user_id, blocked },
  } = user;
  const kept = await users.passwordHash(user_id);
  const stays = password === undefined || (kept !== null && (await verifyPassword(password, kept)));
  const hash = stays ? null : await hashPassword(password);
  const before = await write(users, user_id, user, (store, value) => store.insert(value, hash));
  // what an earlier user of that id was in the middle of when they were deleted
  if (before === null) return ends.endAllOfUser(user_id, 'account-deleted');
  if (hash !== null) {
    await users.changePassword(user_id, hash, () => new Date());
    await ends.endAllOfUser(user_id, 'password-changed', 'refresh_tokens');
  }
  if (blocked === true || before.blocked === true) await ends.endAllOfUser(user_id, 'session-revoked');
}

/** Inserts, or lays over what is there, and yields that; another instance may be at it with the same seed. */
async function write<Value extends Client | User, Store extends Updatable<Value>>(
  store: Store,
  id: string,
  entry: Entry<Value>,
  insert: (store: Store, value: Value) => Promise<void>,
): Promise<Value | null> {
  let before: Value | null = null;
  const update = (): Promise<Value | null> =>
    store.update(id, (kept) => {
      before = kept;
      return reseeded(kept, entry);
    });
  if (await update()) return before;
  try {
    await insert(store, entry.value);
    return null;
  } catch (error) {
    if (!(error instanceof TenantError && error.code.endsWith('_exists'))) throw error;
    await update();
    return before;
  }
}
interface Updatable<Value> {
  update(id: string, change: (value: Value) => Value): Promise<Value | null>;
}

/** `alice` is `auth0|alice` too. */
function refuseSameUsers(users: readonly Entry<User>[], file: string): void {
  const ids = users.map(({ value }) => value.user_id);
  const second = ids.findIndex((id, index) => ids.indexOf(id) < index);
  if (second >= 0)
    throw new TenantError(
      'seed_invalid',
      `${file}: user "${String(users[second]!.body['user_id'])}": there is a user ${ids[second]} in it already`,
    );
}
