import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { greeting, type Ready } from './greeting.js';

const ready: Ready = {
  version: '1.2.3',
  baseUrl: 'http://127.0.0.1:3000',
  database: 'file:data/mintmark.sqlite',
  seconds: 0.84,
  firstStart: false,
  keys: { generated: [], importedFrom: null },
  seeded: null,
  adminToken: null,
  authority: null,
  example: { clientId: 'demo-sp', protocol: 'samlp', userId: 'auth0|alice' },
};
const curlOf = (text: string): string =>
  text
    .split('\n')
    .find((line) => line.trim().startsWith('curl'))!
    .trim();

test('it says where the server is and what to try', () => {
  const text = greeting(ready);
  expect(text).toMatch(/^Mintmark 1\.2\.3 is ready at http:\/\/127\.0\.0\.1:3000 after 0\.8 s/);
  for (const path of ['/docs', '/debug/transactions', '/.well-known/openid-configuration', '/health'])
    expect(text).toContain(`http://127.0.0.1:3000${path} `);
  expect(text).not.toMatch(/token|generated|imported|null|undefined/);
});

test.each(['auth0|alice', `auth0|o'hara "$HOME" \\ \``, 'auth0|ünï'])(
  'a shell reads the curl line as one command, whatever the user is called: %s',
  (userId) => {
    const line = curlOf(greeting({ ...ready, example: { clientId: 'demo-sp', protocol: 'samlp', userId } }));
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${line.replace(/^curl/, '')}`])
      .toString()
      .trimEnd()
      .split('\n');
    expect(words.slice(0, -1)).toEqual([
      '-s',
      'http://127.0.0.1:3000/api/transactions',
      '-H',
      'content-type: application/json',
      '-d',
    ]);
    expect(JSON.parse(words.at(-1)!)).toEqual({
      protocol: 'samlp',
      client_id: 'demo-sp',
      user: { user_id: userId },
      complete: true,
    });
  },
);

test('an admin token is shown when it was just made, else where a new one comes from', () => {
  const made = greeting({ ...ready, adminToken: { hash: 'h', generated: 'the-token' } });
  expect(made).toContain('shown this once');
  expect(curlOf(made)).toContain('-H "authorization: Bearer the-token"');
  const kept = greeting({ ...ready, adminToken: { hash: 'the-hash', generated: null } });
  expect(curlOf(kept)).toContain('-H "authorization: Bearer $MINTMARK_ADMIN_TOKEN"');
  expect(kept).not.toContain('the-hash');
});

test('a first start tells what was made', () => {
  const text = greeting({
    ...ready,
    firstStart: true,
    keys: { generated: ['PS256', 'ES256'], importedFrom: 'certs/tenant.key' },
    seeded: 'The demo tenant was made.',
  });
  expect(text).toContain('imported from certs/tenant.key');
  expect(text).toContain('First start: keys were generated for PS256, ES256.');
  expect(text).toContain('The demo tenant was made.');
});

test('without a client it says how to get one', () => {
  const text = greeting({ ...ready, example: null });
  expect(text).toContain(
    'There is no client with a callback yet: POST one to http://127.0.0.1:3000/api/v2/clients',
  );
  expect(text).not.toContain('curl');
});

test('where all clients are applications it says their issuer, what to paste, and how to issue tokens', () => {
  const text = greeting({ ...ready, example: { clientId: 'my app', protocol: 'oidc', userId: null } });
  expect(text).toContain('issuer is http://127.0.0.1:3000/,');
  expect(text).toContain('http://127.0.0.1:3000/debug/clients/my%20app\n');
  expect(text).not.toContain('There is no');
  expect(curlOf(text)).toContain(
    `'{"protocol":"oidc","client_id":"my app","user":{"user_id":"auth0|jane","email":"jane@example.test"},"complete":true}'`,
  );
});

test.each([
  ['http://127.0.0.1:3000', 'BASE_URL=http://localhost:3000;'],
  ['https://127.0.0.1:3000/idp', 'BASE_URL=https://localhost:3000/idp;'],
])('at %s it says how applications on localhost are served', (baseUrl, said) => {
  expect(greeting({ ...ready, baseUrl })).toContain(said);
});

test.each(['http://localhost:3000', 'https://idp.example.test'])(
  'at %s it does not speak of another base URL',
  (baseUrl) => {
    expect(greeting({ ...ready, baseUrl })).not.toContain('BASE_URL');
  },
);

const authority = {
  certificatePem: '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n',
  fingerprint: 'AB:CD',
};

test('a local authority is shown with its certificate, and how programs trust it', () => {
  const text = greeting({
    ...ready,
    baseUrl: 'https://127.0.0.1:3000',
    authority: { ...authority, file: "/it's/mintmark-ca.pem" },
  });
  expect(text).toContain(`export NODE_EXTRA_CA_CERTS='/it'\\''s/mintmark-ca.pem'`);
  expect(text).toContain(authority.certificatePem);
  expect(text).toContain('SHA-256 AB:CD');
  expect(text).toContain('https://127.0.0.1:3000/ca.pem');
  expect(text).toContain(
    `curl -s --cacert '/it'\\''s/mintmark-ca.pem' https://127.0.0.1:3000/api/transactions`,
  );
});

test('without a file it says how to download the certificate', () => {
  const text = greeting({
    ...ready,
    baseUrl: 'https://127.0.0.1:3000',
    authority: { ...authority, file: null },
  });
  expect(curlOf(text)).toBe('curl -sk https://127.0.0.1:3000/ca.pem -o mintmark-ca.pem');
  expect(text).toContain("export NODE_EXTRA_CA_CERTS='mintmark-ca.pem'");
  expect(text).not.toContain('null');
});
