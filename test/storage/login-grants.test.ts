/** What a login at /authorize grants is written with its transaction, or not at all. */
import { expect } from 'vitest';
import { AccessTokenStore } from '../../src/storage/access-token-store.js';
import { AuthorizationCodeStore } from '../../src/storage/authorization-code-store.js';
import { DeviceCodeStore } from '../../src/storage/device-code-store.js';
import { GrantStore } from '../../src/storage/grant-store.js';
import { SessionStore } from '../../src/storage/session-store.js';
import { TransactionStore, type IssuedGrant } from '../../src/storage/transaction-store.js';
import { onEachDatabase } from './each-database.js';
import { aParticipant, aSession, aTransaction } from './samples.js';
import { aCode, aDeviceCode, aGrant, anAccessToken, anIssuance, at } from './token-samples.js';

const issued = (name: string): IssuedGrant => ({
  grant: aGrant(`grant ${name}`),
  code: aCode(`code ${name}`, `grant ${name}`),
  accessToken: anAccessToken(`token ${name}`, `grant ${name}`),
});
const ended = aTransaction('txn_1', { revision: 2, status: 'completed' });

onEachDatabase('a login is kept with its grant, its code and its token', async ({ open }) => {
  const dataSource = await open();
  const store = new TransactionStore(dataSource);
  const codes = new AuthorizationCodeStore(dataSource);
  await store.insert(aTransaction('txn_0'), undefined, issued('zero'));
  expect(await codes.find('code zero')).toMatchObject({ grant: aGrant('grant zero'), isRedeemed: false });
  await store.insert(aTransaction('txn_1'));
  expect(await store.update(ended, undefined, issued('one'))).toBe(true);
  expect(await codes.redeem('code one', at(0))).toMatchObject({ code: { grantId: 'grant one' } });
  expect(await new AccessTokenStore(dataSource).find('token one')).toMatchObject({ isRevoked: false });
});

onEachDatabase('of many instances that end one login exactly one issues', async ({ open }) => {
  const stores = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const dataSource = await open();
      return { store: new TransactionStore(dataSource), codes: new AuthorizationCodeStore(dataSource) };
    }),
  );
  await stores[0]!.store.insert(aTransaction('txn_1'));
  const told = await Promise.all(
    stores.map(({ store }, index) => store.update(ended, undefined, issued(String(index)))),
  );
  expect(told.filter(Boolean)).toHaveLength(1);
  const kept = await Promise.all(stores.map((_, index) => stores[0]!.codes.find(`code ${index}`)));
  expect(kept.map((code) => code !== null)).toEqual(told);
});

onEachDatabase('a code that is there already leaves no transaction and no grant', async ({ open }) => {
  const dataSource = await open();
  const store = new TransactionStore(dataSource);
  await store.insert(aTransaction('txn_1'), undefined, issued('one'));
  const again = { ...issued('two'), code: aCode('code one', 'grant two') };
  await expect(store.insert(aTransaction('txn_2'), undefined, again)).rejects.toMatchObject({
    name: 'DatabaseError',
  });
  expect(await store.get('txn_2')).toBeNull();
  expect(await new GrantStore(dataSource).find('grant two')).toBeNull();
});

onEachDatabase(
  'a session that ends in this very moment takes the participant, and not the code',
  async ({ open }) => {
    const dataSource = await open();
    const store = new TransactionStore(dataSource);
    const codes = new AuthorizationCodeStore(dataSource);
    await store.insert(aTransaction('txn_0'), aParticipant('gone', 'client'), issued('zero'));
    expect(await codes.find('code zero')).not.toBeNull();
    const sessions = new SessionStore(dataSource);
    await sessions.insert(aSession('one'));
    await store.insert(aTransaction('txn_1'), aParticipant('one', 'client'), issued('one'));
    expect(await codes.find('code one')).not.toBeNull();
    expect(await sessions.participants('one')).toHaveLength(1);
  },
);

onEachDatabase('two access tokens that are one text count as what issued them last', async ({ open }) => {
  const dataSource = await open();
  const store = new TransactionStore(dataSource);
  const tokens = new AccessTokenStore(dataSource);
  await store.insert(aTransaction('txn_0'), undefined, issued('zero'));
  await store.insert(aTransaction('txn_1'), undefined, {
    grant: aGrant('grant one'),
    accessToken: anAccessToken('token zero', 'grant one'),
  });
  await new GrantStore(dataSource).revoke({ grantId: 'grant zero' }, at(0));
  expect(await tokens.find('token zero')).toMatchObject({ isRevoked: false, grant: { id: 'grant one' } });
});

onEachDatabase(
  'of logins and denials that answer for a device at once exactly one ends so, at any instance',
  async ({ open }) => {
    const instances = await Promise.all([open(), open(), open()]);
    const stores = instances.map((dataSource) => ({
      transactions: new TransactionStore(dataSource),
      devices: new DeviceCodeStore(dataSource),
      grants: new GrantStore(dataSource),
    }));
    const [{ devices, grants, transactions }] = stores as [(typeof stores)[0]];
    for (let round = 0; round < 40; round += 1) {
      const code = aDeviceCode(`d${round}`, `u${round}`);
      await devices.insert(code);
      const ends = stores.map((_, index) =>
        aTransaction(`txn_${round}.${index}`, { revision: 2, status: 'completed' }),
      );
      // the last comes with a session, and is written at its end
      for (const { id } of ends.slice(0, 2)) await transactions.insert(aTransaction(id));
      const told = await Promise.all([
        stores[round % 3]!.devices.deny(code.digest, at(0)),
        ...stores.map(({ transactions: store }, index) => {
          const grant = { ...aGrant(`g${round}.${index}`), createdAt: at(0).toISOString() };
          const beside: IssuedGrant = { grant, device: { code, issuance: anIssuance() } };
          const written =
            index === 2
              ? store.insert(ends[index]!, undefined, beside).then(() => true)
              : store.update(ends[index]!, undefined, beside);
          return written.catch((error: unknown) => {
            expect(error).toMatchObject({ case: 'device_answered' });
            return false;
          });
        }),
      ]);
      expect(told.filter(Boolean)).toHaveLength(1);
      const winner = told.indexOf(true) - 1;
      const { outcome, code: kept } = (await devices.poll(code.digest, at(0)))!;
      expect([outcome, kept.grantId]).toEqual(
        winner < 0 ? ['denied', null] : ['approved', `g${round}.${winner}`],
      );
      for (const [index, { id }] of ends.entries()) {
        const status = (await transactions.get(id))?.status;
        expect(status).toBe(index === winner ? 'completed' : index === 2 ? undefined : 'pending');
        expect((await grants.find(`g${round}.${index}`)) !== null).toBe(index === winner);
      }
    }
  },
  60_000,
);

onEachDatabase('a token of a client itself is kept with its transaction, or neither is', async ({ open }) => {
  const dataSource = await open();
  const store = new TransactionStore(dataSource);
  const tokens = new AccessTokenStore(dataSource);
  const ownToken = anAccessToken('own', null);
  await store.insert(aTransaction('txn_1'), undefined, { ownToken });
  expect(await tokens.find('own')).toMatchObject({ token: ownToken, grant: null, isRevoked: false });
  await expect(
    store.insert(aTransaction('txn_1'), undefined, { ownToken: anAccessToken('other', null) }),
  ).rejects.toMatchObject({ name: 'DatabaseError' });
  expect(await tokens.find('other')).toBeNull();
});
