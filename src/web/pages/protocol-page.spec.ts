import { createHash } from 'node:crypto';
import { fastify } from 'fastify';
import { expect, test } from 'vitest';
import { deliveryPage } from './delivery-page.js';
import { refusalPage } from './refusal-page.js';
import { sendProtocolPage, type ProtocolPagePolicy } from './protocol-page.js';

const NONCE = 'bm9uY2UgbWFkZSBvbmNl';

async function sent(policy: ProtocolPagePolicy, markup = '<!doctype html>') {
  const server = fastify();
  server.get('/', (_request, reply) => sendProtocolPage(reply, markup, policy));
  const { headers, body } = await server.inject('/');
  return { headers, body, policy: String(headers['content-security-policy']).split('; ') };
}

test('a page without a script allows our stylesheets and nothing else', async () => {
  const pages = [
    deliveryPage({ action: 'https://sp.example.test/acs', fields: [], nonce: NONCE, to: 'SP' }),
    refusalPage({ title: 'No', detail: 'No.', code: 'no', status: 400 }),
  ];
  const hashes = pages.map((markup) => {
    const style = /<style>([\s\S]*?)<\/style>/.exec(markup)![1]!;
    return `'sha256-${createHash('sha256').update(style).digest('base64')}'`;
  });
  const { policy } = await sent({ formAction: 'none' });
  const [byDefault, styles, ...rest] = policy;
  expect(byDefault).toBe("default-src 'none'");
  expect(styles!.split(' ').toSorted()).toEqual(['style-src', ...hashes].toSorted());
  expect(rest).toEqual(['img-src data:', "form-action 'none'", "base-uri 'none'", "frame-ancestors 'none'"]);
});

test('a form that leads to an app in the end may go to its scheme, and nothing else can stand in the policy', async () => {
  const formActionOf = async (leadsTo: string, formAction: 'anywhere' | 'self' = 'anywhere') =>
    (await sent({ formAction, leadsTo })).policy.find((each) => each.startsWith('form-action'));
  expect(await formActionOf('com.example.APP:/callback')).toBe('form-action http: https: com.example.app:');
  expect(await formActionOf('com.example.app:/callback', 'self')).toBe("form-action 'self'");
  for (const other of [
    'https://app.example/cb',
    'javascript:alert(1)',
    'data:text/html,x',
    'x; script-src *:y',
    "'unsafe-inline':/x",
    '*:/x',
    'nonsense',
    '',
  ])
    expect(await formActionOf(other)).toBe('form-action http: https:');
});

test('a page is kept by nobody, and tells others no more than its origin', async () => {
  const { headers } = await sent({ formAction: 'self' });
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache, no-store',
    pragma: 'no-cache',
    'referrer-policy': 'strict-origin',
  });
});

test('scripts run by the nonce alone, and connect only where that was asked for', async () => {
  const { policy } = await sent({ formAction: 'self', nonce: NONCE });
  expect(policy).toContain(`script-src 'nonce-${NONCE}'`);
  expect(policy.join()).not.toContain('connect-src');
  expect((await sent({ formAction: 'self', connect: 'anywhere' })).policy).toContain(
    'connect-src http: https:',
  );
  expect(policy.join()).not.toMatch(/unsafe|\*/);
});

test.each([
  ['none', "form-action 'none'"],
  ['self', "form-action 'self'"],
  ['anywhere', 'form-action http: https:'],
] as const)('forms that may post %s are bound by %s', async (formAction, directive) => {
  expect((await sent({ formAction })).policy).toContain(directive);
});

test.each(['', 'short', `${NONCE}'; script-src *`, `${NONCE}\r\nset-cookie: a=b`, `${NONCE}"`])(
  'the nonce %j does not get into a header',
  async (nonce) => {
    const server = fastify();
    server.get('/', (_request, reply) => sendProtocolPage(reply, 'page', { formAction: 'none', nonce }));
    const { statusCode, headers } = await server.inject('/');
    expect([statusCode, headers['content-security-policy']]).toEqual([500, undefined]);
  },
);
