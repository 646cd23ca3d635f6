import { expect } from 'vitest';
import { Clock, DueLogouts, Failures, Randomness } from '../../src/login/ports.js';
import { Retention } from '../../src/login/retention.service.js';
import { SessionEndsService } from '../../src/login/session-ends.service.js';
import { TokenRetention } from '../../src/login/token-retention.service.js';
import { AccessTokenStore } from '../../src/storage/access-token-store.js';
import { AuthorizationCodeStore } from '../../src/storage/authorization-code-store.js';
import { DeviceCodeStore } from '../../src/storage/device-code-store.js';
import { PushedRequestStore } from '../../src/storage/pushed-request-store.js';
import { RefreshTokenStore } from '../../src/storage/refresh-token-store.js';
import { UsedTokenIdStore } from '../../src/storage/used-token-id-store.js';
import { ClientStore } from '../../src/storage/client-store.js';
import { GrantStore } from '../../src/storage/grant-store.js';
import { LoginAttemptStore } from '../../src/storage/login-attempt-store.js';
import { LogoutDeliveryStore } from '../../src/storage/logout-delivery-store.js';
import { LogoutStore } from '../../src/storage/logout-store.js';
import { SessionStore } from '../../src/storage/session-store.js';
import { SettingsStore } from '../../src/storage/settings-store.js';
import { TransactionStore } from '../../src/storage/transaction-store.js';
import { tenantSettingsSchema } from '../../src/tenant/tenant-settings.js';
import { onEachDatabase } from './each-database.js';
import { AT, aClient, aLogout, aSession, aTransaction, after } from './samples.js';
import { aGrant, anAccessToken } from './token-samples.js';

const HOUR = 3_600_000;
const NOW = new Date(AT);
class StoppedClock extends Clock {
  override now(): Date {
    return NOW;
  }
}

onEachDatabase('what is over by the tenant’s settings is deleted, and nothing else', async ({ open }) => {
  const dataSource = await open();
  const settings = new SettingsStore(dataSource);
  const transactions = new TransactionStore(dataSource);
  const sessions = new SessionStore(dataSource);
  const logouts = new LogoutStore(dataSource);
  const attempts = new LoginAttemptStore(dataSource);
  await settings.put(
    tenantSettingsSchema.parse({ idle_session_lifetime: 2, retention: { days: 1, transactions: 100 } }),
  );

  const seen = (hours: number): { lastSeenAt: string; createdAt: string; expiresAt: string } => ({
    createdAt: after(-100 * HOUR),
    lastSeenAt: after(-hours * HOUR),
    expiresAt: after(1),
  });
  await sessions.insert(aSession('lives', seen(2)));
  await sessions.insert(aSession('idle', seen(2.1)));
  await sessions.insert(aSession('expired', { ...seen(0), expiresAt: AT }));
  await logouts.insert(aLogout('lgt_day', { createdAt: after(-24 * HOUR) }));
  await logouts.insert(aLogout('lgt_older', { createdAt: after(-24 * HOUR - 1) }));
  await transactions.insert(aTransaction('txn_day', { createdAt: after(-24 * HOUR) }));
  await transactions.insert(aTransaction('txn_older', { createdAt: after(-24 * HOUR - 1) }));
  await attempts.count('over', new Date(after(-60_000)), 60);
  await attempts.count('open', new Date(after(-59_999)), 60);

  const [clients, grants] = [new ClientStore(dataSource), new GrantStore(dataSource)];
  const deliveries = new LogoutDeliveryStore(dataSource);
  await clients.insert(
    aClient('rp', {
      oidc_logout: {
        backchannel_logout_urls: ['https://rp.example.test/logout'],
        backchannel_logout_initiators: { mode: 'all' },
      },
    }),
  );
  for (const sessionId of ['lives', 'expired'])
    await grants.insert(aGrant(sessionId, { sessionId, clientId: 'rp' }), { endsAt: after(HOUR) });

  const access = new AccessTokenStore(dataSource);
  await access.insert(anAccessToken('worth something', null, { expiresAt: after(1) }));
  await access.insert(anAccessToken('expired', null, { expiresAt: AT }));

  const failures = new Failures();
  const reported: unknown[] = [];
  failures.report = (error) => reported.push(error);
  await new Retention(
    settings,
    transactions,
    sessions,
    logouts,
    attempts,
    deliveries,
    new TokenRetention(
      new AuthorizationCodeStore(dataSource),
      access,
      new RefreshTokenStore(dataSource),
      new DeviceCodeStore(dataSource),
      new PushedRequestStore(dataSource),
      new UsedTokenIdStore(dataSource),
      grants,
    ),
    new SessionEndsService(sessions, grants, clients, new DueLogouts(), new StoppedClock(), new Randomness()),
    new StoppedClock(),
    failures,
  ).prune();

  expect(reported).toEqual([]);
  expect((await sessions.listOfUser('auth0|user')).map(({ id }) => id)).toEqual(['lives']);
  // and whoever was told of a session is told of its end
  expect(await deliveries.list(10)).toMatchObject([
    { clientId: 'rp', initiator: 'session-expired', token: { sid: 'expired', sub: 'auth0|user' } },
  ]);
  expect((await logouts.list(10)).map(({ id }) => id)).toEqual(['lgt_day']);
  expect((await transactions.list({ limit: 10 })).items.map(({ id }) => id)).toEqual(['txn_day']);
  expect(await access.find('worth something')).not.toBeNull();
  expect(await access.find('expired')).toBeNull();
  expect(await dataSource.query('SELECT key FROM login_attempts')).toEqual([{ key: 'open' }]);
});
