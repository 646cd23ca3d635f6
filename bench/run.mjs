import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { measureCore } from './core.mjs';
import { measureActions } from './actions.mjs';
import { measureHttp } from './http.mjs';
import { measureOauth } from './oauth.mjs';

const quick = process.argv.includes('--quick');
const core = await measureCore(quick ? { rounds: 3, runs: 400 } : {});
const http = await measureHttp(quick ? { warmUp: 5, seconds: 3, rounds: 1 } : {});

const action = await measureActions(quick ? { warmUp: 3, seconds: 3, rounds: 1, logins: 300 } : {});

const oauth = await measureOauth(quick ? { warmUp: 4, seconds: 3, rounds: 1, lots: 3 } : {});

const { ratios } = core;
const rows = [
  ['raw `crypto.sign`, RSA-2048, KeyObject', 1, ''],
  ['SAML response, assertion signed', ratios.signed, '≤ 1.45'],
  ['SAML response, response signed', ratios.response, ''],
  ['SAML response, both signed (two signatures)', ratios.both, ''],
  ['SAML response, signed and encrypted, aes256-cbc', ratios.cbc, '≤ 1.50'],
  ['SAML response, signed and encrypted, aes256-gcm', ratios.gcm, '≤ 1.50'],
  ['ID token, RS256', ratios.jwt, ''],
  ['samlify, login response, assertion signed', ratios.samlify, ''],
  ['saml (auth0/node-saml), signed assertion alone', ratios.saml, ''],
  ['samlify relative to Mintmark', ratios.samlify / ratios.signed, '≥ 6'],
];
const tokenRow = (what, measured, aim) => [
  `${what} (npm oidc-provider, in memory: ${measured.otherRatio.toFixed(2)})`,
  measured,
  aim,
];
const httpRows = [
  ['SAML login, `POST /api/transactions` with `complete: true`', http.saml, '≤ 2.50'],
  [
    'SAML login begun by the SP, signed Redirect request, SSO session (verifies and signs once)',
    http.sso,
    '≤ 2.50',
  ],
  ['OIDC login, ID token and access token (two signatures)', http.jwt, ''],
  tokenRow(
    '`client_credentials` at `/oauth/token`, one JWT',
    oauth.clientCredentials,
    '≤ 1.60, and ≤ oidc-provider',
  ),
  tokenRow(
    '`authorization_code` at `/oauth/token`, an ID token and an opaque access token',
    oauth.code,
    '≤ oidc-provider',
  ),
];
const table = `# Performance

Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: Node ${process.version}, ${cpus()[0].model.trim()}, ${cpus().length} cores.
Everything is CPU time (user and system, all threads); medians over rounds, each round measured beside its baseline.

## The core, relative to one raw RSA signature (${core.base.toFixed(0)} µs here)

| what | ratio | aim |
| --- | ---: | ---: |
${rows.map(([what, ratio, aim]) => `| ${what} | ${ratio.toFixed(2)} | ${aim} |`).join('\n')}

## Whole logins over HTTP, relative to a bare server that only signs, and verifies, as often

32 connections, SQLite on disk, each login stored. The load generator takes the second core.

| what | ratio | logins a second | aim |
| --- | ---: | ---: | ---: |
${httpRows.map(([what, { ratio, perSecond }, aim]) => `| ${what} | ${ratio.toFixed(2)} | ${perSecond.toFixed(0)} | ${aim} |`).join('\n')}

## One warm Action in a SAML login, beside the same login without it

It reads the event and calls two setters; each run has a context of its own, in a process of its own.

| what | | aim |
| --- | ---: | ---: |
| added to a login, at the median, one login after another | ${action.wall.toFixed(2)} ms | < 2 ms |
| added CPU under load, server and workers together | ${action.cpu.toFixed(0)} µs | |
| Action runs a second that one core has room for | ${action.perCore.toFixed(0)} | ≥ 300 |
`;
process.stdout.write(table);
if (!quick) writeFileSync(new URL('../docs/performance.md', import.meta.url), table);
