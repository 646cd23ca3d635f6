import { expect, test } from 'vitest';
import { AccessTokenStore } from '../../src/storage/access-token-store.js';
import { DeviceCodeStore } from '../../src/storage/device-code-store.js';
import { GrantStore } from '../../src/storage/grant-store.js';
import { onEachDatabase, onSqlite } from './each-database.js';
import { HARD_TEXTS, after } from './samples.js';
import { aDeviceCode, aGrant, anAccessToken, anIssuance, at } from './token-samples.js';

const hard = HARD_TEXTS.join();

onEachDatabase('a device code comes back as it was put in, until it is over', async ({ open }) => {
  const store = new DeviceCodeStore(await open());
  const code = aDeviceCode('d', 'WDJB-MJHT', { scope: hard, audience: hard, dpopJkt: 'jkt' });
  expect(await store.insert(code)).toBe(true);
  expect(await store.findPending('WDJB-MJHT', at(0))).toEqual(code);
  expect(await store.poll('d', at(0))).toEqual({ outcome: 'pending', code });
  expect(await store.findPending('WDJB-MJHT', at(900_000))).toBeNull();
  for (const text of ['wdjb-mjht', 'a\u0000', '\ud800']) {
    expect(await store.findPending(text, at(0))).toBeNull();
    expect(await store.poll(text, at(0))).toBeNull();
    expect(await store.deny(text, at(0))).toBe(false);
  }
});

onEachDatabase('a user code is one among those that are pending', async ({ open }) => {
  const store = new DeviceCodeStore(await open());
  expect(await store.insert(aDeviceCode('one', 'AAAA'))).toBe(true);
  expect(await store.insert(aDeviceCode('two', 'AAAA'))).toBe(false);
  expect(await store.poll('two', at(0))).toBeNull();
  expect(await store.deny('one', at(0))).toBe(true);
  expect(await store.insert(aDeviceCode('two', 'AAAA'))).toBe(true);
  expect((await store.findPending('AAAA', at(0)))?.digest).toBe('two');
});

onEachDatabase(
  'a poll before its interval is over is told to slow down, and the interval grows',
  async ({ open }) => {
    const store = new DeviceCodeStore(await open());
    await store.insert(aDeviceCode('d', 'AAAA'));
    const poll = async (milliseconds: number) => {
      const polled = await store.poll('d', at(milliseconds));
      return `${polled?.outcome} ${polled?.code.interval}`;
    };
    expect(await poll(0)).toBe('pending 5');
    expect(await poll(5000)).toBe('pending 5');
    expect(await poll(9999)).toBe('slow_down 10');
    expect(await poll(19_998)).toBe('slow_down 15');
    expect(await poll(34_998)).toBe('pending 15');
    expect(await poll(900_000)).toBe('expired 15');
  },
);

onEachDatabase('of polls at once all but one are too early', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  const stores = instances.map((dataSource) => new DeviceCodeStore(dataSource));
  for (let round = 0; round < 50; round += 1) {
    await stores[0]!.insert(aDeviceCode(`d${round}`, `u${round}`));
    const told = await Promise.all(stores.map((store) => store.poll(`d${round}`, at(0))));
    expect(told.map((polled) => polled!.outcome).toSorted()).toEqual(['pending', 'slow_down', 'slow_down']);
    expect((await stores[0]!.poll(`d${round}`, at(60_000)))?.code.interval).toBe(15);
  }
});

onEachDatabase('an approved device gets its tokens once', async ({ open }) => {
  const dataSource = await open();
  const store = new DeviceCodeStore(dataSource);
  const [grants, access] = [new GrantStore(dataSource), new AccessTokenStore(dataSource)];
  const code = aDeviceCode('d', 'AAAA');
  await store.insert(code);
  const issuance = anIssuance({ idToken: { customClaims: { [hard]: hard } } });
  expect(await store.redeem({ digest: 'd', grantId: 'g' }, {}, at(1))).toBeNull();
  expect(await store.approve(code, aGrant('g'), issuance, at(1))).toBe(true);
  expect(await store.approve(code, aGrant('g2'), issuance, at(1))).toBe(false);
  expect(await store.deny('d', at(1))).toBe(false);
  expect(await grants.find('g2')).toBeNull();
  expect(await store.findPending('AAAA', at(1))).toBeNull();
  const polled = await store.poll('d', at(1));
  const approved = { ...code, status: 'approved', grantId: 'g', issuance };
  expect(polled).toEqual({ outcome: 'approved', code: approved });
  expect(await grants.prune(at(899_999))).toBe(0);

  const tokens = (key: string) => ({ accessToken: anAccessToken(key, 'g') });
  expect(await store.redeem(code, tokens('none'), at(2))).toBeNull();
  expect(await store.redeem(polled!.code, tokens('late'), at(900_000))).toBeNull();
  expect(await store.redeem(polled!.code, tokens('one'), at(2))).toBe(true);
  expect(await store.redeem(polled!.code, tokens('two'), at(2))).toEqual({ reused: true, grantId: 'g' });
  expect((await store.poll('d', at(900_000)))?.outcome).toBe('redeemed');
  expect(await access.find('one')).toMatchObject({ isRevoked: false });
  for (const key of ['none', 'late', 'two']) expect(await access.find(key)).toBeNull();
});

onEachDatabase('a device that was denied, or too slow, gets nothing', async ({ open }) => {
  const dataSource = await open();
  const store = new DeviceCodeStore(dataSource);
  for (const name of ['denied', 'slow', 'revoked']) await store.insert(aDeviceCode(name, name));
  expect(await store.deny('denied', at(1))).toBe(true);
  expect(await store.deny('denied', at(1))).toBe(false);
  expect((await store.poll('denied', at(1)))?.outcome).toBe('denied');
  const late = at(900_000);
  expect(await store.deny('slow', late)).toBe(false);
  expect(await store.approve(aDeviceCode('slow', 'slow'), aGrant('g'), anIssuance(), late)).toBe(false);
  expect((await store.poll('slow', late))?.outcome).toBe('expired');

  await store.approve(aDeviceCode('revoked', 'revoked'), aGrant('r'), anIssuance(), at(1));
  await new GrantStore(dataSource).revoke({ grantId: 'r' }, at(2));
  const tokens = { accessToken: anAccessToken('a', 'r') };
  expect(await store.redeem({ digest: 'revoked', grantId: 'r' }, tokens, at(3))).toBeNull();
  expect(await new AccessTokenStore(dataSource).find('a')).toBeNull();
});

onEachDatabase(
  'of approvals and denials at once exactly one holds, and of redemptions exactly one issues',
  async ({ open }) => {
    const instances = await Promise.all([open(), open(), open()]);
    const stores = instances.map((dataSource) => new DeviceCodeStore(dataSource));
    for (let round = 0; round < 100; round += 1) {
      const code = aDeviceCode(`d${round}`, `u${round}`);
      await stores[0]!.insert(code);
      const [denied, ...approvals] = await Promise.all([
        stores[round % 3]!.deny(code.digest, at(0)),
        ...stores.map((store, index) =>
          store.approve(code, aGrant(`g${round}.${index}`), anIssuance(), at(0)),
        ),
      ]);
      expect([denied, ...approvals].filter(Boolean)).toHaveLength(1);
      const polled = await stores[0]!.poll(code.digest, at(0));
      expect(polled?.outcome).toBe(denied ? 'denied' : 'approved');
      expect(polled?.code.grantId).toBe(denied ? null : `g${round}.${approvals.indexOf(true)}`);
      const redeemed = await Promise.all(
        stores.map((store, index) =>
          store.redeem(
            polled!.code,
            { accessToken: anAccessToken(`${round}.${index}`, polled!.code.grantId) },
            at(0),
          ),
        ),
      );
      expect(redeemed.filter((answer) => answer === true)).toHaveLength(denied ? 0 : 1);
    }
  },
);

onEachDatabase('pruning keeps a device code for as long as its device is to be told', async ({ open }) => {
  const store = new DeviceCodeStore(await open());
  for (let index = 0; index < 130; index += 1)
    await store.insert(aDeviceCode(`d${index}`, `u${index}`, { expiresAt: after(index) }));
  expect(await store.prune(at(3_600_000 + 119))).toBe(120);
  expect(await store.poll('d119', at(0))).toBeNull();
  expect(await store.poll('d120', at(0))).not.toBeNull();
});

onEachDatabase('it is known how many devices wait, of a client and in all', async ({ open }) => {
  const store = new DeviceCodeStore(await open());
  expect(await store.waiting('client', at(0))).toEqual({ ofClient: 0, inAll: 0 });
  for (const [digest, over] of Object.entries({
    waits: {},
    denied: {},
    'soon over': { expiresAt: after(1) },
    other: { clientId: 'other' },
  }))
    await store.insert(aDeviceCode(digest, digest, over));
  expect(await store.waiting('client', at(0))).toEqual({ ofClient: 3, inAll: 4 });
  await store.deny('denied', at(0));
  expect(await store.waiting('client', at(1))).toEqual({ ofClient: 1, inAll: 2 });
});

test('devices and requests that wait are counted over an index, without their rows', () =>
  onSqlite(async ({ open }) => {
    const dataSource = await open();
    const count = 'SELECT COUNT(*), COUNT(CASE WHEN client_id = ? THEN 1 END) FROM';
    for (const [rest, index] of [
      [`device_codes WHERE status = 'pending' AND expires_at > 1`, 'device_codes_pending'],
      ['pushed_requests WHERE expires_at > 1', 'pushed_requests_by_end'],
    ] as const) {
      const [plan] = await dataSource.query<readonly { detail: string }[]>(
        `EXPLAIN QUERY PLAN ${count} ${rest}`,
        ['client'],
      );
      expect(plan!.detail).toContain(`COVERING INDEX ${index}`);
    }
  }));
