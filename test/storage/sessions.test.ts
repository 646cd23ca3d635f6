import { expect } from 'vitest';
import { Clock, DueLogouts, Randomness } from '../../src/login/ports.js';
import { SessionEndsService } from '../../src/login/session-ends.service.js';
import { SessionsService } from '../../src/login/sessions.service.js';
import { ClientStore } from '../../src/storage/client-store.js';
import { GrantStore } from '../../src/storage/grant-store.js';
import { SessionStore } from '../../src/storage/session-store.js';
import { UserStore } from '../../src/storage/user-store.js';
import {
  sessionIdOf,
  type Session,
  type SessionDetails,
  type SessionParticipant,
} from '../../src/tenant/session.js';
import { tenantSettingsSchema } from '../../src/tenant/tenant-settings.js';
import { onEachDatabase } from './each-database.js';
import { AT, HARD_TEXTS, aParticipant, aSession, aUser, after } from './samples.js';

const idsOf = (sessions: readonly Session[]): string => sessions.map(({ id }) => id).join(' ');
const whereOf = (participants: readonly SessionParticipant[]): string =>
  participants.map(({ sessionId, clientId }) => `${sessionId}/${clientId}`).join(' ');

onEachDatabase('a session comes back as it was put in', async ({ open }) => {
  const store = new SessionStore(await open());
  await store.insert(aSession('one'));
  expect(await store.get('one')).toEqual(aSession('one'));
  expect(await store.get('One')).toBeNull();
});

onEachDatabase(
  'a session is found with its user as they are now, and without one not at all',
  async ({ open }) => {
    const dataSource = await open();
    const [store, users] = [new SessionStore(dataSource), new UserStore(dataSource)];
    await store.insert(aSession('one'));
    expect(await store.find('one')).toBeNull();
    await users.insert(aUser('auth0|user', { name: 'before' }));
    await users.insert(aUser('auth0|other'));
    expect(await store.find('one')).toEqual({
      session: aSession('one'),
      user: aUser('auth0|user', { name: 'before' }),
    });
    await users.replace(aUser('auth0|user', { name: 'after', blocked: true }));
    expect((await store.find('one'))?.user).toEqual(aUser('auth0|user', { name: 'after', blocked: true }));
    expect(await store.find('two')).toBeNull();
    await users.delete('auth0|user');
    expect(await store.find('one')).toBeNull();
  },
);

onEachDatabase('a session that is over is still given: its lifetime is not judged here', async ({ open }) => {
  const dataSource = await open();
  const store = new SessionStore(dataSource);
  await new UserStore(dataSource).insert(aUser('auth0|user'));
  const over = aSession('one', {
    expiresAt: '1970-01-01T00:00:00.000Z',
    lastSeenAt: '1970-01-01T00:00:00.000Z',
  });
  await store.insert(over);
  expect((await store.find('one'))?.session).toEqual(over);
});

onEachDatabase('touch moves when a session was last seen, and nothing else', async ({ open }) => {
  const store = new SessionStore(await open());
  await store.insert(aSession('one'));
  await store.insert(aSession('two'));
  expect(await store.touch('one', new Date(after(500)))).toBe(true);
  expect(await store.get('one')).toEqual(aSession('one', { lastSeenAt: after(500) }));
  expect(await store.get('two')).toEqual(aSession('two'));
  expect(await store.touch('three', new Date(AT))).toBe(false);
});

onEachDatabase('to authenticate again also counts as being seen', async ({ open }) => {
  const store = new SessionStore(await open());
  await store.insert(aSession('one'));
  await store.insert(aSession('two'));
  expect(await store.reauthenticate('one', new Date(after(500)))).toBe(true);
  expect(await store.get('one')).toEqual(
    aSession('one', { authenticatedAt: after(500), lastSeenAt: after(500) }),
  );
  expect(await store.get('two')).toEqual(aSession('two'));
  expect(await store.reauthenticate('three', new Date(AT))).toBe(false);
});

onEachDatabase('the sessions of a user are listed, newest first', async ({ open }) => {
  const store = new SessionStore(await open());
  await store.insert(aSession('b'));
  await store.insert(aSession('a'));
  await store.insert(aSession('new', { createdAt: after(1) }));
  await store.insert(aSession('old', { createdAt: after(-1) }));
  await store.insert(aSession('of another', { userId: 'auth0|other' }));
  expect(idsOf(await store.listOfUser('auth0|user'))).toBe('new b a old');
  expect(await store.listOfUser('AUTH0|user')).toEqual([]);
});

onEachDatabase('a session goes once, with its participants and nobody else’s', async ({ open }) => {
  const store = new SessionStore(await open());
  for (const id of ['one', 'two']) {
    await store.insert(aSession(id));
    for (const clientId of ['a', 'b']) await store.putParticipant(aParticipant(id, clientId));
  }
  expect(await store.delete('one')).toBe(true);
  expect(await store.delete('one')).toBe(false);
  expect(await store.get('one')).toBeNull();
  expect(await store.participants('one')).toEqual([]);
  expect(whereOf(await store.participants('two'))).toBe('two/a two/b');
  await store.insert(aSession('one'));
  expect(await store.participants('one')).toEqual([]);
});

onEachDatabase('the sessions of a user go with their participants, and tell how many', async ({ open }) => {
  const store = new SessionStore(await open());
  for (const id of ['one', 'two', 'three']) {
    await store.insert(aSession(id, { userId: id === 'three' ? 'auth0|other' : 'auth0|user' }));
    await store.putParticipant(aParticipant(id, 'a'));
  }
  expect(await store.deleteOfUser('auth0|user')).toBe(2);
  expect(await store.deleteOfUser('auth0|user')).toBe(0);
  expect(await store.get('one')).toBeNull();
  expect(await store.get('three')).not.toBeNull();
  expect(whereOf(await store.participantsNamed('a', 'auth0|user'))).toBe('three/a');
});

onEachDatabase(
  'a participant takes the place of the client’s earlier one in the session',
  async ({ open }) => {
    const store = new SessionStore(await open());
    await store.insert(aSession('one'));
    await store.putParticipant(aParticipant('one', 'a', { nameId: 'before' }));
    const later = aParticipant('one', 'a', {
      nameId: 'after',
      format: 'urn:f',
      sessionIndex: '_2',
      since: after(9),
    });
    await store.putParticipant(later);
    expect(await store.participants('one')).toEqual([later]);
    expect(await store.participantsNamed('a', 'before')).toEqual([]);
    expect(await store.participantsNamed('a', 'after')).toEqual([later]);
  },
);

onEachDatabase('a participant that says nothing new stays as it was', async ({ open }) => {
  const store = new SessionStore(await open());
  await store.insert(aSession('one'));
  const first = aParticipant('one', 'a');
  await store.putParticipant(first);
  await store.putParticipant({ ...first, since: after(9) });
  expect(await store.participants('one')).toEqual([first]);
});

onEachDatabase('participants are listed from the oldest to the newest', async ({ open }) => {
  const store = new SessionStore(await open());
  await store.insert(aSession('one'));
  await store.insert(aSession('two'));
  for (const [clientId, offset] of [
    ['c', 2],
    ['b', 1],
    ['d', 0],
    ['a', 2],
  ] as const)
    await store.putParticipant(aParticipant('one', clientId, { since: after(offset) }));
  await store.putParticipant(aParticipant('two', 'b'));
  expect(whereOf(await store.participants('one'))).toBe('one/d one/b one/a one/c');
  expect(whereOf(await store.participantsNamed('b', 'auth0|user'))).toBe('two/b one/b');
});

onEachDatabase('a participant of a session that has ended is not written', async ({ open }) => {
  const store = new SessionStore(await open());
  await store.putParticipant(aParticipant('ended', 'a'));
  expect(await store.participants('ended')).toEqual([]);
});

onEachDatabase('participants are found by client and NameID, to the letter', async ({ open }) => {
  const store = new SessionStore(await open());
  await store.insert(aSession('one'));
  await store.insert(aSession('two'));
  await store.putParticipant(aParticipant('one', 'a', { nameId: 'Alice' }));
  await store.putParticipant(aParticipant('two', 'a', { nameId: 'alice' }));
  await store.putParticipant(aParticipant('two', 'b', { nameId: 'Alice' }));
  expect(whereOf(await store.participantsNamed('a', 'Alice'))).toBe('one/a');
  expect(whereOf(await store.participantsNamed('a', 'alice'))).toBe('two/a');
  expect(await store.participantsNamed('a', 'Alice ')).toEqual([]);
  expect(await store.participantsNamed('A', 'Alice')).toEqual([]);
});

onEachDatabase('every text can be a NameID, and each is told from the others', async ({ open }) => {
  const store = new SessionStore(await open());
  await store.insert(aSession('one'));
  const texts = [...HARD_TEXTS, 'lone \ud800', 'lone \ud801', 'long'.repeat(50_000)];
  const participants = texts.map((nameId, index) =>
    aParticipant('one', `c${index}`, { nameId, format: nameId, sessionIndex: nameId }),
  );
  for (const participant of participants) await store.putParticipant(participant);
  for (const [index, nameId] of texts.entries()) {
    expect(await store.participantsNamed(`c${index}`, nameId)).toEqual([participants[index]]);
    expect(await store.participantsNamed(`c${index}`, texts[(index + 1) % texts.length]!)).toEqual([]);
  }
});

onEachDatabase('a participant goes once, and its session stays', async ({ open }) => {
  const store = new SessionStore(await open());
  await store.insert(aSession('one'));
  for (const clientId of ['a', 'b']) await store.putParticipant(aParticipant('one', clientId));
  expect(await store.deleteParticipant('one', 'a')).toBe(true);
  expect(await store.deleteParticipant('one', 'a')).toBe(false);
  expect(await store.deleteParticipant('two', 'b')).toBe(false);
  expect(whereOf(await store.participants('one'))).toBe('one/b');
  expect(await store.get('one')).toEqual(aSession('one'));
});

onEachDatabase('of many that put one participant at once one stays, whole', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  const store = new SessionStore(instances[0]);
  await store.insert(aSession('one'));
  const all = Array.from({ length: 24 }, (_, index) =>
    aParticipant('one', 'a', { nameId: `name ${index}`, sessionIndex: `_${index}`, since: after(index) }),
  );
  await Promise.all(
    all.map((participant, index) => new SessionStore(instances[index % 3]!).putParticipant(participant)),
  );
  const kept = await store.participants('one');
  expect(kept).toHaveLength(1);
  expect(all).toContainEqual(kept[0]);
  expect(await store.participantsNamed('a', kept[0]!.nameId)).toEqual(kept);
});

onEachDatabase(
  'pruning ends what has expired and what was idle too long, with their participants',
  async ({ open }) => {
    const store = new SessionStore(await open());
    const [now, idleSince] = [new Date(after(1000)), new Date(AT)];
    const lives = { expiresAt: after(1001), lastSeenAt: AT };
    await store.insert(aSession('lives', lives));
    await store.insert(aSession('ends now', { ...lives, expiresAt: after(1000) }));
    await store.insert(aSession('ended', { ...lives, expiresAt: after(999) }));
    await store.insert(aSession('idle', { ...lives, lastSeenAt: after(-1) }));
    await store.insert(aSession('both', { expiresAt: after(999), lastSeenAt: after(-1) }));
    const all = ['lives', 'ends now', 'ended', 'idle', 'both'];
    for (const id of all) await store.putParticipant(aParticipant(id, 'a'));
    expect(await store.prune({ now, idleSince, keep: 1000 })).toBe(4);
    expect(await store.prune({ now, idleSince, keep: 1000 })).toBe(0);
    expect(idsOf(await store.listOfUser('auth0|user'))).toBe('lives');
    expect(whereOf(await store.participantsNamed('a', 'auth0|user'))).toBe('lives/a');
  },
);

onEachDatabase('pruning goes through as many lots as there are', async ({ open }) => {
  const store = new SessionStore(await open());
  for (let index = 0; index < 250; index += 1)
    await store.insert(aSession(`s${index}`, { expiresAt: after(index) }));
  expect(await store.prune({ now: new Date(after(229)), idleSince: new Date(0), keep: 1000 })).toBe(230);
  expect(await store.listOfUser('auth0|user')).toHaveLength(20);
});

onEachDatabase('a key that no database can look up is refused or never found', async ({ open }) => {
  const store = new SessionStore(await open());
  await store.insert(aSession('one'));
  for (const text of ['a\u0000', '\udc00a']) {
    await expect(store.insert(aSession('two', { userId: text }))).rejects.toMatchObject({
      code: 'invalid_body',
      errors: [{ pointer: '/user_id' }],
    });
    expect(await store.get(text)).toBeNull();
    expect(await store.find(text)).toBeNull();
    expect(await store.touch(text, new Date())).toBe(false);
    expect(await store.reauthenticate(text, new Date())).toBe(false);
    expect(await store.listOfUser(text)).toEqual([]);
    expect(await store.delete(text)).toBe(false);
    expect(await store.deleteOfUser(text)).toBe(0);
    expect(await store.participants(text)).toEqual([]);
    expect(await store.participantsNamed(text, 'auth0|user')).toEqual([]);
    expect(await store.deleteParticipant(text, 'a')).toBe(false);
    expect(await store.deleteParticipant('one', text)).toBe(false);
  }
  expect(await store.get('two')).toBeNull();
});

onEachDatabase('of more sessions than are kept the ones that were seen last stay', async ({ open }) => {
  const store = new SessionStore(await open());
  for (let index = 0; index < 250; index++)
    await store.insert(aSession(`s${String(index).padStart(3, '0')}`, { lastSeenAt: after(index) }));
  await store.putParticipant(aParticipant('s000', 'a'));
  const caps = { now: new Date(AT), idleSince: new Date(0), keep: 3 };
  expect(await store.prune(caps)).toBe(247);
  expect(await store.prune(caps)).toBe(0);
  expect(await Promise.all(['s246', 's247', 's248', 's249'].map((id) => store.get(id)))).toMatchObject([
    null,
    { id: 's247' },
    { id: 's248' },
    { id: 's249' },
  ]);
  expect(await store.participantsNamed('a', aParticipant('s000', 'a').nameId)).toEqual([]);
});

const DETAILS: SessionDetails = {
  methods: [{ name: HARD_TEXTS.join(''), url: 'https://factor.example.test/', timestamp: AT }],
  metadata: { [HARD_TEXTS.join('')]: HARD_TEXTS.join('') },
  cookieMode: 'non-persistent',
  idleExpiresAt: Date.parse(after(60_000)),
};
const noted = (details: SessionDetails | undefined, key: string): SessionDetails => ({
  methods: [],
  ...details,
  metadata: { ...details?.metadata, [key]: 'x' },
});

onEachDatabase('details come with a session wherever it is read', async ({ open }) => {
  const dataSource = await open();
  const store = new SessionStore(dataSource);
  await new UserStore(dataSource).insert(aUser('auth0|user'));
  await store.insert(aSession('one', { details: DETAILS }));
  await store.insert(aSession('two', { createdAt: after(-1) }));
  const expected = aSession('two', { createdAt: after(-1), details: DETAILS });
  expect(await store.update('two', () => ({ details: DETAILS }))).toEqual(expected);
  expect(await store.get('two')).toEqual(expected);
  expect((await store.find('two'))?.session).toEqual(expected);
  expect(await store.listOfUser('auth0|user')).toEqual([aSession('one', { details: DETAILS }), expected]);
  await store.touch('two', new Date(after(500)));
  expect(await store.get('two')).toEqual({ ...expected, lastSeenAt: after(500) });
});

onEachDatabase('a session gets shorter, and never longer', async ({ open }) => {
  const store = new SessionStore(await open());
  for (const id of ['one', 'two']) await store.insert(aSession(id, { expiresAt: after(1000) }));
  const ends = (at: number) => store.update('one', () => ({ expiresAt: after(at) }));
  expect(await ends(1001)).toEqual(aSession('one', { expiresAt: after(1000) }));
  expect(await ends(500)).toEqual(aSession('one', { expiresAt: after(500) }));
  expect(await ends(501)).toEqual(aSession('one', { expiresAt: after(500) }));
  expect(await store.get('one')).toEqual(aSession('one', { expiresAt: after(500) }));
  expect(await store.get('two')).toEqual(aSession('two', { expiresAt: after(1000) }));
});

onEachDatabase('what a change of a session leaves out stays', async ({ open }) => {
  const store = new SessionStore(await open());
  await store.insert(aSession('one', { details: DETAILS }));
  expect(await store.update('one', () => ({}))).toEqual(aSession('one', { details: DETAILS }));
  await store.update('one', () => ({ expiresAt: after(5) }));
  expect(await store.get('one')).toEqual(aSession('one', { details: DETAILS, expiresAt: after(5) }));
  for (const id of ['none', 'a\u0000', '\udc00a']) expect(await store.update(id, () => ({}))).toBeNull();
});

onEachDatabase('concurrent changes of a session lose nothing', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  await new SessionStore(instances[0]).insert(aSession('one'));
  await Promise.all(
    Array.from({ length: 24 }, (_, index) =>
      new SessionStore(instances[index % 3]!).update('one', ({ details }) => ({
        details: noted(details, `key${index}`),
        expiresAt: after(1000 - ((index * 7) % 24)),
      })),
    ),
  );
  const kept = (await new SessionStore(instances[1]).get('one'))!;
  expect(Object.keys(kept.details!.metadata)).toHaveLength(24);
  expect(kept.expiresAt).toBe(after(977));
});

onEachDatabase('a session that ends while it is changed stays ended', async ({ open }) => {
  const store = new SessionStore(await open());
  await store.insert(aSession('one'));
  let ended: Promise<boolean> | undefined;
  const change = store.update('one', () => {
    ended = store.delete('one');
    return { details: DETAILS };
  });
  expect(await change).toBeNull();
  expect(await ended).toBe(true);
});

class StoppedClock extends Clock {
  constructor(private readonly at: string) {
    super();
  }
  override now(): Date {
    return new Date(this.at);
  }
}

onEachDatabase(
  'a session is over at the idle end that an Action set, however often it is seen',
  async ({ open }) => {
    const dataSource = await open();
    const store = new SessionStore(dataSource);
    await new UserStore(dataSource).insert(aUser('auth0|user'));
    const details = { methods: [], metadata: {}, idleExpiresAt: Date.parse(after(60_000)) };
    await store.insert(aSession(sessionIdOf('with'), { details }));
    await store.insert(aSession(sessionIdOf('without'), { details: { methods: [], metadata: {} } }));
    const isLive = async (token: string, at: number): Promise<boolean> => {
      const [clock, randomness] = [new StoppedClock(after(at)), new Randomness()];
      const [grants, clients] = [new GrantStore(dataSource), new ClientStore(dataSource)];
      const ends = new SessionEndsService(store, grants, clients, new DueLogouts(), clock, randomness);
      const sessions = new SessionsService(store, clock, randomness, ends);
      return (await sessions.live(token, tenantSettingsSchema.parse({}))) !== null;
    };
    expect(await isLive('with', 59_999)).toBe(true);
    expect(await isLive('with', 60_000)).toBe(false);
    expect(await isLive('without', 60_000)).toBe(true);
  },
);
