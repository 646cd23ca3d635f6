/** The pages of login and logout in a real browser: they post where they must, run nothing else, and let nobody get stuck. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastify, type FastifyReply } from 'fastify';
import { chromium as browserType, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { isCarriedUnchanged } from '../../src/protocol/saml/form-value.js';
import { deliveryPage, type Delivery } from '../../src/web/pages/delivery-page.js';
import { loginPage, type LoginForm } from '../../src/web/pages/login-page.js';
import {
  logoutConfirmationPage,
  logoutStepPage,
  signedOutPage,
  type LogoutHop,
} from '../../src/web/pages/logout-pages.js';
import { sendProtocolPage, type ProtocolPagePolicy } from '../../src/web/pages/protocol-page.js';
import { refusalPage } from '../../src/web/pages/refusal-page.js';
import { CHROMIUM, chromium, judgedBy } from '../support/judges.js';

const NONCE = 'bm9uY2UgbWFkZSBvbmNl';

/** A machine with more to do than this makes a browser slow. */
const PATIENTLY = { timeout: 15_000 };

interface Arrival {
  readonly method: string;
  readonly url: string;
  readonly origin: string | undefined;
  readonly body: string;
}
const fieldsOf = ({ body }: Arrival): Record<string, string> => Object.fromEntries(new URLSearchParams(body));

interface Peer {
  readonly origin: string;
  readonly arrivals: Arrival[];
  readonly close: () => void;
}
const listening = (server: Server): Promise<string> =>
  new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    ),
  );
async function peer(answer: (arrival: Arrival, reply: ServerResponse) => void): Promise<Peer> {
  const arrivals: Arrival[] = [];
  const take = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method, url, headers } = request;
    const arrival = {
      method: method!,
      url: url!,
      origin: headers.origin,
      body: Buffer.concat(parts).toString(),
    };
    arrivals.push(arrival);
    answer(arrival, reply);
  };
  const server = createServer((request, reply) => void take(request, reply));
  const origin = await listening(server);
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { origin, arrivals, close };
}

const PEER_PAGE = `<!doctype html><title>peer</title><link rel="icon" href="data:,">`;
const pageOf = (_arrival: Arrival, reply: ServerResponse): void =>
  void reply.setHeader('content-type', 'text/html').end(PEER_PAGE);

/** Ours: serves whatever page a test puts up, and takes what its forms post. */
const idp = fastify();
const shown: { markup: string; policy: ProtocolPagePolicy }[] = [];
/** Yields where the page is. */
const show = (markup: string, policy: ProtocolPagePolicy): string =>
  `${origin}/shown/${shown.push({ markup, policy }) - 1}`;
const posts: Record<string, string>[] = [];
idp.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_r, body, done) =>
  done(null, body),
);
idp.get<{ Params: { index: number } }>('/shown/:index', ({ params }, reply: FastifyReply) => {
  const { markup, policy } = shown[params.index]!;
  return sendProtocolPage(reply, markup, policy);
});
/** The same, but the end of it takes its time after the script has begun to run. */
idp.get<{ Params: { index: number } }>('/slowly/shown/:index', ({ params }, reply: FastifyReply) => {
  const { markup, policy } = shown[params.index]!;
  const page = sendProtocolPage(reply, markup, policy);
  const cut = page.lastIndexOf('</script>') + '</script>'.length;
  async function* parts(): AsyncGenerator<string> {
    yield page.slice(0, cut);
    await sleep(500);
    yield page.slice(cut);
  }
  return reply.send(Readable.from(parts(), { objectMode: false }));
});
for (const path of ['/login', '/logout'])
  idp.post(path, (request, reply) => {
    posts.push(Object.fromEntries(new URLSearchParams(request.body as string)));
    return reply.type('text/html').send(PEER_PAGE);
  });

let origin: string;
let browser: Browser | undefined;
let done: Peer;
let sp: Peer;
let silent: Server;
let silentOrigin: string;
let deadOrigin: string;
beforeAll(async () => {
  origin = await idp.listen({ port: 0, host: '127.0.0.1' });
  done = await peer(pageOf);
  sp = await peer((arrival, reply) => {
    if (arrival.url.startsWith('/acs')) reply.writeHead(302, { location: `${done.origin}/done` }).end();
    else if (arrival.url === '/nothing') reply.writeHead(204).end();
    else if (!arrival.url.startsWith('/never')) pageOf(arrival, reply);
  });
  silent = createTcpServer();
  silentOrigin = await listening(silent);
  const gone = await peer(pageOf);
  gone.close();
  deadOrigin = gone.origin;
  if (chromium.present)
    browser = await browserType.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
});
afterAll(async () => {
  await browser?.close();
  for (const server of [sp, done]) server.close();
  silent.close();
  await idp.close();
});
beforeEach(() => {
  posts.length = 0;
  sp.arrivals.length = 0;
});

/** A page in a browser of its own that notes every complaint. */
async function open(
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser!.newPage(options);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { page, complaints };
}

const LOGIN: LoginForm = {
  state: 'txn_1',
  csrf: 'csrf-token',
  clientName: 'Demo SP',
  users: [
    { user_id: 'auth0|alice', name: 'Alice Minter', email: 'alice@example.test' },
    { user_id: 'auth0|bob', email: 'bob@example.test' },
  ],
  canCancel: true,
};
const showLogin = (more: Partial<LoginForm> = {}): string =>
  show(loginPage({ ...LOGIN, ...more }), { formAction: 'self' });
const showDelivery = (more: Partial<Delivery> = {}): string => {
  const fields = [
    ['SAMLResponse', 'PHg+'],
    ['RelayState', 'a b'],
  ] as const;
  const delivery = { action: `${sp.origin}/acs`, fields, nonce: NONCE, to: 'Demo SP', ...more };
  return show(deliveryPage(delivery), { nonce: NONCE, formAction: 'anywhere' });
};
const showStep = (message: LogoutHop['message'], more: Partial<LogoutHop> = {}): string => {
  const hop = { step: 1, of: 3, to: 'Demo SP', message, next: '/logout', csrf: 'csrf-token', state: 'lgt_1' };
  return show(logoutStepPage({ ...hop, nonce: NONCE, ...more }), {
    nonce: NONCE,
    formAction: 'anywhere',
    connect: 'anywhere',
  });
};
const byPost = (to: string): LogoutHop['message'] => ({
  action: to,
  fields: { SAMLRequest: 'PHg+', RelayState: 'lgt_1' },
});

judgedBy(chromium)(
  'a response is posted by itself to another origin, and its redirect followed',
  async () => {
    const fields = [
      ['SAMLResponse', 'PHg+'],
      ['RelayState', `"'><script>&amp;\t é😀`],
      ['submit', '1'],
      ['append', '2'],
      ['action', '3'],
    ] as const;
    const address = showDelivery({ fields });
    const { page, complaints } = await open();
    await page.goto(address, { waitUntil: 'commit' });
    await page.waitForURL(`${done.origin}/done`);
    const [arrival] = sp.arrivals;
    expect(Object.entries(fieldsOf(arrival!))).toEqual(fields.map((field) => [...field]));
    expect(arrival).toMatchObject({ method: 'POST', url: '/acs', origin });
    expect(complaints).toEqual([]);
    // the way back leads past the page that posted
    await page.goBack();
    expect(page.url()).toBe('about:blank');
    expect(sp.arrivals).toHaveLength(1);
    await page.close();
  },
);

judgedBy(chromium)(
  'a form carries what is said to be carried, character by character, and nothing else',
  async () => {
    const each = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));
    const carried = [...each.filter(isCarriedUnchanged), '\r\n', '\u{1f600}'].join('');
    const changed = [...each.filter((text) => !isCarriedUnchanged(text)), '\n\r', '\r\r\n'];
    expect(changed.length).toBe(3 + 0x800 + 2);
    const address = showDelivery({
      fields: [['carried', carried], ...changed.map((text, i) => [`f${i}`, text] as const)],
    });
    const { page } = await open();
    await page.goto(address, { waitUntil: 'commit' });
    await page.waitForURL(`${done.origin}/done`);
    const arrived = fieldsOf(sp.arrivals[0]!);
    expect(arrived['carried'] === carried).toBe(true);
    for (const [index, text] of changed.entries()) expect(arrived[`f${index}`]).not.toBe(text);
    await page.close();
  },
);

judgedBy(chromium)('without scripts a button posts the response, once', async () => {
  const address = showDelivery();
  const { page, complaints } = await open({ javaScriptEnabled: false });
  await page.goto(address);
  expect(sp.arrivals).toEqual([]);
  expect(await page.locator('button').count()).toBe(1);
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.waitForURL(`${done.origin}/done`);
  expect(fieldsOf(sp.arrivals[0]!)).toEqual({ SAMLResponse: 'PHg+', RelayState: 'a b' });
  expect(complaints).toEqual([]);
  await page.close();
});

judgedBy(chromium)('an SP that leaves the page where it is can be asked again by a button', async () => {
  const address = showDelivery({ action: `${sp.origin}/nothing` });
  const { page } = await open();
  await page.goto(address, { waitUntil: 'commit' });
  await page.getByRole('button', { name: 'Continue' }).waitFor();
  expect(sp.arrivals).toHaveLength(1);
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect.poll(() => sp.arrivals.length, PATIENTLY).toBe(2);
  await page.close();
});

judgedBy(chromium)('an address that is a script does not run', async () => {
  for (const address of [
    showDelivery({ action: `javascript:document.title='run'` }),
    showStep({ url: `javascript:document.title='run'` }, { probe: false }),
    showStep(byPost(`javascript:document.title='run'`), { probe: false }),
  ]) {
    const { page, complaints } = await open();
    await page.goto(address);
    await expect.poll(() => complaints.join(), PATIENTLY).toMatch(/Content Security Policy/);
    expect(await page.title()).not.toBe('run');
    await page.close();
  }
});

judgedBy(chromium)(
  'the keyboard alone logs in: the focus is there, and Enter sends the password',
  async () => {
    const address = showLogin();
    const { page, complaints } = await open();
    await page.goto(address);
    await page.locator('#username:focus').waitFor();
    await page.keyboard.type('alice');
    await page.keyboard.press('Tab');
    await page.keyboard.type('correct horse');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${origin}/login`);
    expect(posts).toEqual([
      { state: 'txn_1', csrf: 'csrf-token', username: 'alice', password: 'correct horse' },
    ]);
    expect(complaints).toEqual([]);
    await page.close();
  },
);

judgedBy(chromium)(
  'one press logs in as a user of the tenant, or cancels, though no field is filled in',
  async () => {
    for (const [name, field] of [
      ['Alice Minter alice@example.test', { user_id: 'auth0|alice' }],
      ['bob@example.test auth0|bob', { user_id: 'auth0|bob' }],
      ['Cancel', { action: 'cancel', username: '', password: '' }],
    ] as const) {
      const address = showLogin();
      posts.length = 0;
      const { page } = await open({ javaScriptEnabled: false });
      await page.goto(address);
      await page.getByRole('button', { name, exact: true }).press('Enter');
      await page.waitForURL(`${origin}/login`);
      expect(posts).toEqual([{ state: 'txn_1', csrf: 'csrf-token', ...field }]);
      await page.close();
    }
  },
);

judgedBy(chromium)('a form that is not filled in is not sent', async () => {
  const address = showLogin();
  const { page } = await open();
  await page.goto(address);
  await page.locator('#username:focus').waitFor();
  await page.keyboard.type('alice');
  await page.keyboard.press('Enter');
  expect(await page.locator('input:invalid').getAttribute('name')).toBe('password');
  expect(posts).toEqual([]);
  await page.close();
});

judgedBy(chromium)('what went wrong is announced, and the name is still there', async () => {
  const address = showLogin({ username: 'alice', problem: 'Wrong username or password.' });
  const { page } = await open();
  await page.goto(address);
  expect(await page.getByRole('alert').innerText()).toBe('Wrong username or password.');
  expect(await page.title()).toMatch(/^Not logged in: /);
  const password = page.getByLabel('Password');
  await page.locator('#password:focus').waitFor();
  expect(await page.getByLabel('Username').inputValue()).toBe('alice');
  for (const field of [password, page.getByLabel('Username')])
    expect(await field.getAttribute('aria-describedby')).toBe('problem');
  await page.close();
});

judgedBy(chromium)('an SP is asked to log out by post and by redirect', async () => {
  for (const message of [byPost(`${sp.origin}/slo`), { url: `${sp.origin}/slo?SAMLRequest=a%2fb&x=1` }]) {
    sp.arrivals.length = 0;
    const address = showStep(message);
    const { page, complaints } = await open();
    await page.goto(address, { waitUntil: 'commit' });
    await page.waitForURL(/\/slo/);
    const [probe, arrival] = sp.arrivals;
    expect(probe).toMatchObject({ method: 'GET', url: '/favicon.ico' });
    if ('url' in message) expect(arrival!.url).toBe('/slo?SAMLRequest=a%2fb&x=1');
    else expect(fieldsOf(arrival!)).toEqual({ SAMLRequest: 'PHg+', RelayState: 'lgt_1' });
    expect(posts).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  }
});

judgedBy(chromium)(
  'who comes back to a step decides what happens next, also where the SP was faster than the page',
  async () => {
    for (const address of [
      showStep(byPost(`${sp.origin}/slo`)),
      showStep(byPost(`${sp.origin}/slo`)).replace('/shown/', '/slowly/shown/'),
    ]) {
      posts.length = 0;
      sp.arrivals.length = 0;
      const { page } = await open();
      await page.goto(address, { waitUntil: 'commit' });
      await page.waitForURL(`${sp.origin}/slo`);
      await page.goBack();
      await page.getByText('You came back to this step.').waitFor();
      expect(sp.arrivals.filter(({ url }) => url === '/slo')).toHaveLength(1);
      expect(posts).toEqual([]);
      await page.getByRole('button', { name: 'Leave Demo SP out' }).click();
      await page.waitForURL(`${origin}/logout`);
      expect(posts).toEqual([{ state: 'lgt_1', csrf: 'csrf-token', action: 'skip', why: 'person' }]);
      await page.close();
    }
  },
);

judgedBy(chromium)(
  'an SP that is gone, that takes no notice, or that keeps the browser waiting does not hold the user',
  async () => {
    const cases = [
      [`${deadOrigin}/slo`, 'unreachable'],
      [`${silentOrigin}/slo`, 'silent'],
      [`${sp.origin}/never`, 'silent'],
    ] as const;
    await Promise.all(
      cases.map(async ([target, why], index) => {
        const address = showStep(index % 2 === 0 ? byPost(target) : { url: target }, {
          state: `lgt_${index}`,
        });
        const { page } = await open();
        await page.goto(address, { waitUntil: 'commit' });
        const own = (): unknown[] => posts.filter(({ state }) => state === `lgt_${index}`);
        // `waitForURL` would take the navigation that is given up for its own, and fail with it
        await expect.poll(() => page.url(), { timeout: 30_000 }).toBe(`${origin}/logout`);
        expect(own()).toEqual([{ state: `lgt_${index}`, csrf: 'csrf-token', action: 'skip', why }]);
        await page.close();
      }),
    );
    // the last was there, and left out only after it had been asked
    expect(sp.arrivals.map(({ url }) => url)).toEqual(['/favicon.ico', '/never']);
  },
  60_000,
);

judgedBy(chromium)('an SP that hides from other origins is asked where it is known to be alive', async () => {
  const hiding = await peer((arrival, reply) =>
    pageOf(arrival, reply.setHeader('cross-origin-resource-policy', 'same-origin')),
  );
  const address = showStep(byPost(`${hiding.origin}/slo`));
  const { page } = await open();
  await page.goto(address, { waitUntil: 'commit' });
  await page.waitForURL(`${origin}/logout`);
  expect(posts).toMatchObject([{ why: 'unreachable' }]);
  const known = showStep(byPost(`${hiding.origin}/slo`), { probe: false });
  await page.goto(known, { waitUntil: 'commit' });
  await page.waitForURL(`${hiding.origin}/slo`);
  await page.close();
  hiding.close();
});

judgedBy(chromium)('without scripts a step of a logout goes on and past by buttons', async () => {
  for (const message of [byPost(`${sp.origin}/slo`), { url: `${sp.origin}/slo?SAMLRequest=a` }]) {
    const address = showStep(message);
    const { page } = await open({ javaScriptEnabled: false });
    await page.goto(address);
    await page.getByText('Go on', { exact: true }).click();
    await page.waitForURL(/\/slo/);
    await page.goBack();
    await page.getByRole('button', { name: 'Leave Demo SP out' }).click();
    await page.waitForURL(`${origin}/logout`);
    expect(posts.pop()).toMatchObject({ action: 'skip', why: 'person' });
    await page.close();
  }
});

/** Every page, held still: where it goes by itself it gets nowhere. */
const STILLS: Readonly<Record<string, () => string>> = {
  login: () => showLogin(),
  'login that failed': () => showLogin({ username: 'alice', problem: 'Wrong username or password.' }),
  'login without users': () => showLogin({ users: [], canCancel: false }),
  delivery: () => showDelivery({ action: `${sp.origin}/nothing` }),
  step: () => showStep(byPost(`${silentOrigin}/slo`)),
  refusal: () =>
    show(
      refusalPage({
        title: 'SAML request refused',
        detail:
          'The AssertionConsumerServiceURL "https://sp.example.test/a/very/long/path/that/does/not/break/anywhere/at/all/acs" is not one of the callbacks of demo-sp.',
        code: 'saml_acs_url_refused',
        status: 400,
        transactionId: 'txn_0123456789',
        mend: 'Add it to `callbacks` of the client, or mend the SP.',
      }),
      { formAction: 'none' },
    ),
  confirmation: () =>
    show(logoutConfirmationPage({ csrf: 'c', state: 's', who: 'alice@example.test' }), {
      formAction: 'self',
    }),
  end: () =>
    show(
      signedOutPage({
        partial: true,
        steps: [
          { name: 'Demo SP', state: 'logged_out', reason: null },
          { name: 'Other SP', state: 'failed', reason: 'It could not be reached from the browser.' },
          { name: 'Third SP', state: 'left_out', reason: 'It has no logout URL.' },
        ],
      }),
      { formAction: 'none' },
    ),
};
const lightness = (colour: string): number =>
  [...colour.matchAll(/\d+(?:\.\d+)?/g)].slice(0, 3).reduce((sum, [part]) => sum + Number(part), 0) /
  (3 * 255);

judgedBy(chromium)(
  'every page is readable in the light and in the dark, and on a phone nothing sticks out sideways',
  async () => {
    for (const [name, put] of Object.entries(STILLS))
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page, complaints } = await open({ colorScheme, viewport: { width: 360, height: 740 } });
        await page.goto(put(), { waitUntil: 'commit' });
        await page.locator('h1').waitFor();
        const [paper, ink, width] = await page.evaluate<[string, string, number]>(
          '[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color, document.documentElement.scrollWidth]',
        );
        expect([name, lightness(paper) > 0.5]).toEqual([name, colorScheme === 'light']);
        expect(Math.abs(lightness(paper) - lightness(ink))).toBeGreaterThan(0.6);
        expect([name, width]).toEqual([name, 360]);
        expect([name, complaints]).toEqual([name, []]);
        await page.close();
      }
  },
);
