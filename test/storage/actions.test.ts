import { expect } from 'vitest';
import { ActionStore } from '../../src/storage/action-store.js';
import { SettingsStore } from '../../src/storage/settings-store.js';
import type { Deployment } from '../../src/tenant/action.js';
import { onEachDatabase } from './each-database.js';
import { AT, HARD_TEXTS, aBinding, aContent, anAction, after } from './samples.js';

const now = new Date(AT);
const PAGE = { page: 0, perPage: 100 };
const namesOf = (items: readonly { readonly name: string }[]): string =>
  items.map(({ name }) => name).join(' ');
const numbersOf = (items: readonly { readonly number: number }[]): string =>
  items.map(({ number }) => number).join(' ');
const idsOf = (items: readonly { readonly id: string }[]): string => items.map(({ id }) => id).join(' ');
const codesOf = (deployments: readonly Deployment[]): string[] =>
  deployments.map(({ version }) => version.content.code);

onEachDatabase('an Action comes back as it was put in, whatever its texts hold', async ({ open }) => {
  const store = new ActionStore(await open());
  const text = HARD_TEXTS.join('');
  const action = anAction('a', {
    name: text,
    draft: aContent(text, {
      dependencies: [{ name: 'lodash', version: 'latest' }],
      secrets: [{ name: text, sealed: 'v1.x', updated_at: AT }],
    }),
    source: { file: text, path: `/${text}`, modulesFrom: '/' },
  });
  expect(await store.insert(action)).toBe(true);
  expect(await store.get('a')).toEqual(action);
  expect(await store.findByName(text)).toEqual(action);
  expect(await store.get('A')).toBeNull();
  expect(await store.findByName(text.toUpperCase())).toBeNull();
});

onEachDatabase('a new Action has nothing deployed, whatever it says of itself', async ({ open }) => {
  const store = new ActionStore(await open());
  await store.insert(anAction('a', { deployedVersionId: 'v', allChangesDeployed: true }));
  expect(await store.get('a')).toEqual(anAction('a'));
  expect((await store.list({ ...PAGE, deployed: true })).total).toBe(0);
});

onEachDatabase('of many that take one name at once one gets it', async ({ open }) => {
  const instances = await Promise.all([open(), open()]);
  const taken = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      new ActionStore(instances[index % 2]!).insert(anAction(`a${index}`, { name: 'one' })),
    ),
  );
  expect(taken.filter(Boolean)).toHaveLength(1);
  const store = new ActionStore(instances[0]);
  expect((await store.findByName('one'))?.id).toBe(`a${taken.indexOf(true)}`);
  expect((await store.list(PAGE)).total).toBe(1);
});

onEachDatabase('an id that is taken is refused, and the first Action stays', async ({ open }) => {
  const store = new ActionStore(await open());
  await store.insert(anAction('a'));
  expect(await store.insert(anAction('a', { name: 'other' }))).toBe(false);
  expect(await store.get('a')).toEqual(anAction('a'));
});

onEachDatabase('Actions are listed page by page, oldest first, by what is asked for', async ({ open }) => {
  const store = new ActionStore(await open());
  for (let index = 0; index < 5; index++)
    await store.insert(
      anAction(`a${index}`, {
        created_at: after(-index),
        trigger: index % 2 === 0 ? 'post-login' : 'credentials-exchange',
      }),
    );
  await store.deploy('a0', { versionId: 'v0', now });
  await store.deploy('a3', { versionId: 'v3', now });
  const listed = async (filters: object): Promise<string> =>
    namesOf((await store.list({ ...PAGE, ...filters })).items);
  expect(await listed({})).toBe('a4 a3 a2 a1 a0');
  expect(await listed({ trigger: 'post-login' })).toBe('a4 a2 a0');
  expect(await listed({ trigger: 'credentials-exchange', deployed: true })).toBe('a3');
  expect(await listed({ deployed: false })).toBe('a4 a2 a1');
  expect(await listed({ name: 'a2' })).toBe('a2');
  expect(await listed({ name: 'A2' })).toBe('');
  const page = await store.list({ trigger: 'post-login', page: 1, perPage: 2 });
  expect(namesOf(page.items)).toBe('a0');
  expect(page.total).toBe(3);
});

onEachDatabase('concurrent changes of one Action lose nothing', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  await new ActionStore(instances[0]).insert(anAction('a', { draft: aContent('') }));
  await Promise.all(
    Array.from({ length: 18 }, (_, index) =>
      new ActionStore(instances[index % 3]!).update('a', (action) => ({
        ...action,
        draft: { ...action.draft, code: `${action.draft.code}${'abcdefghijklmnopqr'[index]}` },
      })),
    ),
  );
  const code = (await new ActionStore(instances[0]).get('a'))!.draft.code;
  expect(Array.from(code).toSorted().join('')).toBe('abcdefghijklmnopqr');
});

onEachDatabase('an Action is renamed, but not to the name of another', async ({ open }) => {
  const store = new ActionStore(await open());
  for (const id of ['a', 'b']) await store.insert(anAction(id));
  expect(await store.update('a', (action) => ({ ...action, name: 'b' }))).toBe('name_taken');
  expect(await store.get('a')).toEqual(anAction('a'));
  expect(await store.update('a', (action) => ({ ...action, name: 'c' }))).toMatchObject({ name: 'c' });
  expect((await store.findByName('c'))?.id).toBe('a');
  expect(await store.findByName('a')).toBeNull();
  expect(await store.insert(anAction('a2', { name: 'a' }))).toBe(true);
  expect(await store.update('none', (action) => action)).toBeNull();
  await expect(store.update('a', (action) => ({ ...action, id: 'b' }))).rejects.toThrow(TypeError);
});

onEachDatabase('a deployment is the draft of that moment, and stays it', async ({ open }) => {
  const store = new ActionStore(await open());
  await store.insert(anAction('a', { draft: aContent('one') }));
  const version = {
    id: 'v1',
    actionId: 'a',
    number: 1,
    created_at: AT,
    deployed: true,
    content: aContent('one'),
  };
  const deployed = {
    ...anAction('a', { draft: aContent('one') }),
    deployedVersionId: 'v1',
    allChangesDeployed: true,
  };
  expect(await store.deploy('a', { versionId: 'v1', now })).toEqual({ action: deployed, version });
  expect(await store.get('a')).toEqual(deployed);
  expect(await store.version('v1')).toEqual(version);
  await store.update('a', (action) => ({ ...action, draft: aContent('two') }));
  expect(await store.version('v1')).toEqual(version);
  expect((await store.get('a'))?.allChangesDeployed).toBe(false);
  await store.update('a', (action) => ({ ...action, draft: aContent('one') }));
  expect((await store.get('a'))?.allChangesDeployed).toBe(true);
  expect(await store.deploy('none', { versionId: 'v2', now })).toBeNull();
  expect(await store.version('v2')).toBeNull();
});

onEachDatabase('to go back to an older version makes a new one, and leaves the draft', async ({ open }) => {
  const store = new ActionStore(await open());
  await store.insert(anAction('a', { draft: aContent('one') }));
  const { version: first } = (await store.deploy('a', { versionId: 'v1', now }))!;
  await store.update('a', (action) => ({ ...action, draft: aContent('two') }));
  await store.deploy('a', { versionId: 'v2', now });
  const back = await store.deploy('a', { versionId: 'v3', now, content: first.content });
  expect(back).toMatchObject({
    action: { deployedVersionId: 'v3', allChangesDeployed: false, draft: { code: 'two' } },
    version: { number: 3, deployed: true, content: { code: 'one' } },
  });
  const { items, total } = await store.versions('a', PAGE);
  expect(items.map(({ id, deployed, content }) => [id, deployed, content.code])).toEqual([
    ['v3', true, 'one'],
    ['v2', false, 'two'],
    ['v1', false, 'one'],
  ]);
  expect(total).toBe(3);
});

onEachDatabase('a change says nothing of what is deployed', async ({ open }) => {
  const store = new ActionStore(await open());
  await store.insert(anAction('a'));
  await store.deploy('a', { versionId: 'v1', now });
  const claims = { deployedVersionId: 'v9', allChangesDeployed: false };
  expect(await store.update('a', (action) => ({ ...action, ...claims }))).toMatchObject({
    deployedVersionId: 'v1',
    allChangesDeployed: true,
  });
  expect(await store.get('a')).toMatchObject({ deployedVersionId: 'v1', allChangesDeployed: true });
});

onEachDatabase(
  'deployments at once get numbers of their own, and the last of them is deployed',
  async ({ open }) => {
    const instances = await Promise.all([open(), open(), open()]);
    await new ActionStore(instances[0]).insert(anAction('a'));
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        new ActionStore(instances[index % 3]!).deploy('a', { versionId: `v${index}`, now }),
      ),
    );
    const numbers = made.map((one) => one!.version.number);
    expect(numbers.toSorted((one, other) => one - other)).toEqual(numbers.map((_, index) => index + 1));
    const { items } = await new ActionStore(instances[1]).versions('a', PAGE);
    expect(items.filter(({ deployed }) => deployed).map(({ number }) => number)).toEqual([12]);
    expect((await new ActionStore(instances[2]).get('a'))?.deployedVersionId).toBe(items[0]!.id);
  },
);

onEachDatabase('of more than fifty versions the oldest go, each Action’s its own', async ({ open }) => {
  const store = new ActionStore(await open());
  for (const id of ['a', 'b']) await store.insert(anAction(id));
  await store.deploy('b', { versionId: 'other', now });
  for (let index = 1; index <= 53; index++) await store.deploy('a', { versionId: `v${index}`, now });
  const { items, total } = await store.versions('a', { page: 0, perPage: 100 });
  expect(total).toBe(50);
  expect(items[0]).toMatchObject({ id: 'v53', number: 53, deployed: true });
  expect(items.at(-1)).toMatchObject({ id: 'v4', number: 4 });
  expect(await store.version('v3')).toBeNull();
  expect(await store.version('other')).toMatchObject({ number: 1, deployed: true });
  expect(numbersOf((await store.versions('a', { page: 1, perPage: 3 })).items)).toBe('50 49 48');
});

onEachDatabase('bindings keep their order, and a trigger its own', async ({ open }) => {
  const store = new ActionStore(await open());
  const text = HARD_TEXTS.join('');
  for (const id of ['a', 'b', 'c']) await store.insert(anAction(id));
  const bindings = ['c', 'a', 'b'].map((id) => aBinding(`b-${id}`, id, { displayName: text }));
  expect(await store.setBindings('post-login', bindings)).toBe(true);
  expect(await store.bindings('post-login')).toEqual(bindings);
  expect(await store.bindings('credentials-exchange')).toEqual([]);
  const turned = bindings.toReversed().slice(1);
  expect(await store.setBindings('credentials-exchange', [aBinding('x', 'a')])).toBe(true);
  expect(await store.setBindings('post-login', turned)).toBe(true);
  expect(await store.bindings('post-login')).toEqual(turned);
  expect(await store.bindings('credentials-exchange')).toEqual([
    aBinding('x', 'a', { trigger: 'credentials-exchange' }),
  ]);
  expect(await store.setBindings('post-login', [])).toBe(true);
  expect(await store.bindings('post-login')).toEqual([]);
  expect(await store.bindings('credentials-exchange')).toHaveLength(1);
});

onEachDatabase('bindings to an Action that is not there change nothing', async ({ open }) => {
  const store = new ActionStore(await open());
  await store.insert(anAction('a'));
  await store.setBindings('post-login', [aBinding('1', 'a')]);
  expect(await store.setBindings('post-login', [aBinding('2', 'a'), aBinding('3', 'none')])).toBe(false);
  expect(await store.bindLast('post-login', aBinding('4', 'none'))).toBe(false);
  expect(await store.bindings('post-login')).toEqual([aBinding('1', 'a')]);
});

onEachDatabase('more bindings than a trigger runs are refused', async ({ open }) => {
  const store = new ActionStore(await open());
  await store.insert(anAction('a'));
  const bindings = Array.from({ length: 21 }, (_, index) => aBinding(`b${index}`, 'a'));
  await expect(store.setBindings('post-login', bindings)).rejects.toThrow(RangeError);
  expect(await store.bindings('post-login')).toEqual([]);
  expect(await store.setBindings('post-login', bindings.slice(1))).toBe(true);
});

onEachDatabase('an Action is bound last, once, however many instances bind it at once', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  const store = new ActionStore(instances[0]);
  for (const id of ['a', 'b', 'c', 'd']) await store.insert(anAction(id));
  await store.setBindings('post-login', [aBinding('1', 'c'), aBinding('2', 'a')]);
  const bound = await Promise.all(
    Array.from({ length: 9 }, (_, index) =>
      new ActionStore(instances[index % 3]!).bindLast('post-login', aBinding(`n${index}`, 'd')),
    ),
  );
  expect(bound.filter(Boolean)).toHaveLength(1);
  expect(await store.bindLast('post-login', aBinding('3', 'b'))).toBe(true);
  expect(await store.bindLast('post-login', aBinding('4', 'c'))).toBe(false);
  expect(idsOf(await store.bindings('post-login'))).toBe(`1 2 n${bound.indexOf(true)} 3`);
  expect(await store.bindLast('credentials-exchange', aBinding('5', 'c'))).toBe(true);
  expect(idsOf(await store.bindings('credentials-exchange'))).toBe('5');
});

onEachDatabase('of bindings that are set at once one set stands, whole', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  const store = new ActionStore(instances[0]);
  for (const id of ['a', 'b', 'c']) await store.insert(anAction(id));
  const sets = Array.from({ length: 9 }, (_, index) =>
    ['a', 'b', 'c'].map((id) => aBinding(`${index}-${id}`, id)),
  );
  const done = await Promise.all(
    sets.map((set, index) => new ActionStore(instances[index % 3]!).setBindings('post-login', set)),
  );
  expect(done).toEqual(sets.map(() => true));
  expect(sets).toContainEqual(await store.bindings('post-login'));
});

onEachDatabase('what runs is what is bound and deployed, in order', async ({ open }) => {
  const store = new ActionStore(await open());
  expect(await store.deployed()).toEqual({ 'post-login': [], 'credentials-exchange': [] });
  for (const id of ['a', 'b', 'c', 'd']) await store.insert(anAction(id, { draft: aContent(id) }));
  for (const id of ['a', 'b', 'c']) await store.deploy(id, { versionId: `v-${id}`, now });
  await store.setBindings('post-login', [aBinding('1', 'b'), aBinding('2', 'd'), aBinding('3', 'a')]);
  await store.bindLast('credentials-exchange', aBinding('4', 'a'));
  await store.update('a', (action) => ({ ...action, draft: aContent('later') }));
  const { 'post-login': login, 'credentials-exchange': exchange } = await store.deployed();
  expect(codesOf(login)).toEqual(['b', 'a']);
  expect(codesOf(exchange)).toEqual(['a']);
  expect(login[1]).toEqual({ action: await store.get('a'), version: await store.version('v-a') });
  await store.deploy('a', { versionId: 'v-a2', now });
  expect(codesOf((await store.deployed())['post-login'])).toEqual(['b', 'later']);
});

onEachDatabase('an Action that is bound goes only by force, with all that is its', async ({ open }) => {
  const store = new ActionStore(await open());
  for (const id of ['a', 'b']) {
    await store.insert(anAction(id));
    await store.deploy(id, { versionId: `v-${id}`, now });
  }
  await store.setBindings('post-login', [aBinding('1', 'a'), aBinding('2', 'b')]);
  expect(await store.delete('a')).toBe('bound');
  expect(await store.get('a')).not.toBeNull();
  expect(await store.version('v-a')).not.toBeNull();
  expect(await store.delete('a', { force: true })).toBe('deleted');
  expect(await store.get('a')).toBeNull();
  expect(await store.version('v-a')).toBeNull();
  expect((await store.versions('a', PAGE)).total).toBe(0);
  expect(await store.bindings('post-login')).toEqual([aBinding('2', 'b')]);
  expect(await store.bindLast('post-login', aBinding('3', 'b'))).toBe(false);
  for (const force of [true, false]) expect(await store.delete('a', { force })).toBe('not_found');
  await store.setBindings('post-login', []);
  expect(await store.delete('b')).toBe('deleted');
});

onEachDatabase('an Action that is bound while it is deleted is one or the other', async ({ open }) => {
  const instances = await Promise.all([open(), open()]);
  const [one, other] = instances.map((dataSource) => new ActionStore(dataSource));
  for (let round = 0; round < 10; round++) {
    const id = `a${round}`;
    await one!.insert(anAction(id));
    const [bound, deleted] = await Promise.all([
      one!.bindLast('post-login', aBinding(`b${round}`, id)),
      other!.delete(id),
    ]);
    expect(deleted).toBe(bound ? 'bound' : 'deleted');
    expect(await one!.get(id)).toEqual(bound ? anAction(id) : null);
  }
});

onEachDatabase(
  'whatever changes what the next login runs counts as a change of the tenant',
  async ({ open }) => {
    const dataSource = await open();
    const [store, settings] = [new ActionStore(dataSource), new SettingsStore(dataSource)];
    await store.insert(anAction('a'));
    const changes = async (step: () => Promise<unknown>): Promise<boolean> => {
      const before = await settings.revision();
      await step();
      return (await settings.revision()) > before;
    };
    expect(await changes(() => store.deploy('a', { versionId: 'v1', now }))).toBe(true);
    expect(await changes(() => store.setBindings('post-login', [aBinding('1', 'a')]))).toBe(true);
    expect(await changes(() => store.bindLast('credentials-exchange', aBinding('2', 'a')))).toBe(true);
    expect(await changes(() => store.update('a', (action) => ({ ...action, name: 'b' })))).toBe(true);
    expect(await changes(() => store.deployed())).toBe(false);
    expect(await changes(() => store.list(PAGE))).toBe(false);
    expect(await changes(() => store.delete('a', { force: true }))).toBe(true);
  },
);

onEachDatabase('an id that no database can look up is never found', async ({ open }) => {
  const store = new ActionStore(await open());
  for (const id of ['a\u0000', '\udc00a']) {
    expect(await store.get(id)).toBeNull();
    expect(await store.update(id, (action) => action)).toBeNull();
    expect(await store.deploy(id, { versionId: 'v', now })).toBeNull();
    expect(await store.delete(id, { force: true })).toBe('not_found');
    expect(await store.version(id)).toBeNull();
    expect(await store.versions(id, PAGE)).toEqual({ items: [], total: 0 });
  }
});
