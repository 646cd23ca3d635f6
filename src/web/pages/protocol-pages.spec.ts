/** The pages of login and logout, with every value as hostile as it gets: what came from outside stays text. */
import { expect, test } from 'vitest';
import { deliveryPage } from './delivery-page.js';
import { loginPage } from './login-page.js';
import { logoutConfirmationPage, logoutStepPage, signedOutPage } from './logout-pages.js';
import { refusalPage } from './refusal-page.js';

const HOSTILE = `</script></style></noscript></form><script>alert(1)</script>"' onload='alert(1)" autofocus onfocus="alert(1)--><img src=x onerror=alert(1)>&lt;&amp;\${7*7}`;
const NONCE = 'bm9uY2UgbWFkZSBvbmNl';
const h = (mark: string): string => `${mark}${HOSTILE}${mark}`;

const login = { state: h('a'), csrf: h('b'), clientName: h('c'), users: [], canCancel: true };
const PAGES: Readonly<Record<string, string>> = {
  login: loginPage({
    ...login,
    username: h('d'),
    problem: h('e'),
    users: [{ user_id: h('f'), name: h('g'), email: h('h') }],
  }),
  delivery: deliveryPage({
    action: h('a'),
    fields: [
      [h('b'), h('c')],
      ['d', h('e')],
    ],
    nonce: NONCE,
    to: h('f'),
  }),
  refusal: refusalPage({
    title: h('a'),
    detail: h('b'),
    code: h('c'),
    status: 400,
    transactionId: h('d'),
    mend: `${h('e')}\`${h('f')}\``,
    errors: [
      { pointer: h('g'), detail: h('h') },
      { pointer: '/x', detail: 'y' },
    ],
  }),
  confirmation: logoutConfirmationPage({ csrf: h('a'), state: h('b'), who: h('c') }),
  'step by post': logoutStepPage({
    step: 1,
    of: 3,
    to: h('a'),
    message: { action: h('b'), fields: { [h('c')]: h('d') } },
    next: h('e'),
    csrf: h('f'),
    state: h('g'),
    nonce: NONCE,
  }),
  'step by redirect': logoutStepPage({
    step: 1,
    of: 3,
    to: h('a'),
    message: { url: h('b') },
    next: h('c'),
    csrf: h('d'),
    state: h('e'),
    nonce: NONCE,
  }),
  end: signedOutPage({ steps: [{ name: h('a'), state: 'failed', reason: h('b') }], partial: true }),
};

const TAGS =
  'a b body button code div form h1 h2 head header html input label li link main meta nav noscript p script span style title ul'.split(
    ' ',
  );
const ATTRIBUTES =
  'accept-charset action aria-describedby aria-invalid aria-label aria-labelledby autocapitalize autocomplete autofocus charset class content data-probe for formnovalidate href id lang method name nonce rel required role spellcheck type value'.split(
    ' ',
  );

test.each(Object.entries(PAGES))('nothing that strangers wrote becomes markup: %s', (_name, markup) => {
  expect(markup).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  const ours = markup
    .replace('<!doctype html>', '')
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replace(/(<script nonce="[^"]+">)[\s\S]*?(<\/script>)/, '$1$2');
  const tag = /<\/?([a-z][a-z0-9]*)((?:[^<>"]|"[^"<>]*")*)>/g;
  for (const [, name, attributes] of ours.matchAll(tag)) {
    expect(TAGS).toContain(name);
    for (const [, attribute] of attributes!.replace(/"[^"]*"/g, '""').matchAll(/([^\s="]+)(?:="")?/g))
      if (attribute !== '/') expect(ATTRIBUTES).toContain(attribute);
  }
  expect(ours.replace(tag, '')).not.toMatch(/[<>"']/);
  expect(markup.match(/<script/g)?.length ?? 0).toBe(/delivery|step/.test(_name) ? 1 : 0);
});

test('the fields of a delivery stand in the given order, and are called what they are called', () => {
  const markup = deliveryPage({
    action: 'https://sp.example.test/acs?a=1&b=2',
    fields: [
      ['SAMLResponse', 'PHg+'],
      ['RelayState', ''],
    ],
    nonce: NONCE,
    to: 'SP',
  });
  expect(markup).toContain('action="https://sp.example.test/acs?a=1&amp;b=2"');
  expect(
    [...markup.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g)].map((m) => m.slice(1)),
  ).toEqual([
    ['SAMLResponse', 'PHg+'],
    ['RelayState', ''],
  ]);
});

test('a login page without users offers none, and cancels only where that is possible', () => {
  const plain = loginPage({ ...login, canCancel: false });
  expect(plain).not.toContain('user_id');
  expect(plain).not.toContain('cancel');
  expect(plain).not.toContain('role="alert"');
  expect(loginPage(login)).toMatch(/name="action" value="cancel" formnovalidate/);
});

test('a user without name and address is offered by id', () => {
  const markup = loginPage({ ...login, users: [{ user_id: 'auth0|x', name: '' }] });
  expect(markup).toContain('<b>auth0|x</b>');
});

test('a refusal leads to its transaction where there is one', () => {
  const refusal = { title: 'Refused', detail: 'It is so.', code: 'x_y', status: 400 };
  expect(refusalPage({ ...refusal, transactionId: 'txn_1' })).toContain('href="/debug/transactions/txn_1"');
  for (const transactionId of [null, undefined])
    expect(refusalPage({ ...refusal, transactionId })).not.toContain('/debug/transactions/');
});

test.each([
  ['https://sp.example.test/slo?a=b', 'https://sp.example.test/favicon.ico'],
  ['http://127.0.0.1:4000/deep/slo', 'http://127.0.0.1:4000/favicon.ico'],
  ['no address', ''],
])('before a logout goes to %s the browser asks for "%s"', (url, probe) => {
  const hop = { step: 1, of: 1, to: 'SP', next: '/logout', csrf: 'c', state: 's', nonce: NONCE };
  expect(logoutStepPage({ ...hop, message: { url } })).toContain(`data-probe="${probe}"`);
  expect(logoutStepPage({ ...hop, message: { url }, probe: false })).toContain('data-probe=""');
});
