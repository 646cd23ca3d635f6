import { expect, test } from 'vitest';
import type { Client } from '../tenant/client.js';
import { clientBodySchema } from '../tenant/client.js';
import { BACKCHANNEL_LOGOUT_INITIATORS } from '../tenant/oauth-client.js';
import { afterAttempt, wantsToKnow } from './backchannel-logout.js';
import { leadsHere } from './post-logout-token.js';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const attempt = (status?: number) => ({
  at: NOW.toISOString(),
  ...(status !== undefined && { status }),
  reason: status === 200 ? null : 'why',
});

const wanted = (initiators?: object): readonly string[] => {
  const body = clientBodySchema.parse({
    name: 'RP',
    oidc_logout: { ...(initiators && { backchannel_logout_initiators: initiators }) },
  });
  return BACKCHANNEL_LOGOUT_INITIATORS.filter((each) => wantsToKnow(body as Client, each));
};

test('a client is told of logouts, of all ends of a session, or of those it selects', () => {
  expect(wanted()).toEqual(['rp-logout', 'idp-logout']);
  expect(wanted({})).toEqual(['rp-logout', 'idp-logout']);
  expect(wanted({ mode: 'all' })).toEqual(BACKCHANNEL_LOGOUT_INITIATORS);
  expect(wanted({ mode: 'custom', selected_initiators: ['session-expired'] })).toEqual(['session-expired']);
  expect(wanted({ mode: 'custom', selected_initiators: [] })).toEqual([]);
});

test('what is not taken is tried later and later, and some day given up', () => {
  const instants: number[] = [];
  for (let attempts = 0; ; attempts += 1) {
    const after = afterAttempt(attempt(attempts % 2 === 0 ? 503 : undefined), attempts, NOW);
    if ('outcome' in after) {
      expect(after.outcome).toBe('given_up');
      break;
    }
    instants.push(after.nextAttemptAt.getTime() - NOW.getTime());
  }
  expect(instants).toHaveLength(7);
  expect(instants).toEqual(instants.toSorted((one, other) => one - other));
  expect(new Set(instants).size).toBe(7);
  expect(afterAttempt(attempt(400), 0, NOW)).toEqual({ outcome: 'refused' });
  expect(afterAttempt(attempt(200), 7, NOW)).toEqual({ outcome: 'delivered' });
});

test('a URL leads here by any name of this machine, and to others on another port', () => {
  const base = 'http://127.0.0.1:4000';
  for (const url of [
    'http://127.0.0.1:4000/api',
    'http://LOCALHOST:4000/',
    'http://[::1]:4000/x',
    'http://0.0.0.0:4000',
    'http://127.1:4000/',
    'http://2130706433:4000/',
    'http://127.0.0.1.:4000/',
    'http://localhost.:4000/',
    'http://any.localhost:4000/',
    'http://[::ffff:127.0.0.1]:4000/',
    'http://[0:0:0:0:0:0:0:1]:4000/',
    'http://[::]:4000/',
    'http://somebody@127.0.0.1:4000/',
    'https://127.0.0.1:4000/',
  ])
    expect([url, leadsHere(url, base)]).toEqual([url, true]);
  for (const url of ['http://127.0.0.1:4001/api', 'http://rp.example:4000/', 'http://10.0.0.1:4000/'])
    expect([url, leadsHere(url, base)]).toEqual([url, false]);
  expect(leadsHere('https://idp.example/api', 'https://idp.example')).toBe(true);
  for (const url of [
    'https://IDP.example:443/',
    'https://idp.example./',
    'https://a:b@idp.example',
    'http://idp.example:443',
  ])
    expect([url, leadsHere(url, 'https://idp.example')]).toEqual([url, true]);
  expect(leadsHere('http://localhost:80/', 'http://127.0.0.1')).toBe(true);
  for (const url of [
    'https://rp.example/',
    'https://idp.example.evil.example/',
    'https://notidp.example',
    'http://idp.example/',
  ])
    expect([url, leadsHere(url, 'https://idp.example')]).toEqual([url, false]);
  expect(leadsHere('http://localhost.evil.example:4000/', base)).toBe(false);
});
