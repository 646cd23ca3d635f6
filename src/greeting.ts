/** What a person reads in the terminal once the server is ready: where it is, what was made, and what to try. */
import type { Provisioned } from './provision.js';

export interface Ready extends Pick<Provisioned, 'keys' | 'firstStart' | 'adminToken'> {
  readonly version: string;
  readonly baseUrl: string;
  /** As it may be printed. */
  readonly database: string;
  readonly seconds: number;
  /** What was seeded, in words. */
  readonly seeded: string | null;
  /** A SAML client and a user to try a login with. */
  readonly example: { readonly clientId: string; readonly userId: string | null } | null;
}

/** One argument of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

export function greeting(ready: Ready): string {
  const { baseUrl } = ready;
  const sections = [
    [
      `Mintmark ${ready.version} is ready at ${baseUrl} after ${ready.seconds.toFixed(1)} s; it keeps everything in ${ready.database}`,
    ],
    made(ready),
    tokenToAskFor(ready),
    [
      `  ${baseUrl}/demo/sp                            a SAML login in the browser, at once`,
      `  ${baseUrl}/debug/clients                      what to paste into your service provider`,
      `  ${baseUrl}/docs                               every call, to try in the browser`,
      `  ${baseUrl}/debug/transactions                 what was issued, and why`,
      `  ${baseUrl}/.well-known/openid-configuration   for relying parties`,
      `  ${baseUrl}/health                             for scripts and balancers`,
    ],
    tryIt(ready),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function made({ keys, seeded, firstStart }: Ready): string[] {
  const { importedFrom, generated } = keys;
  return [
    ...(importedFrom === null ? [] : [`  The tenant key was imported from ${importedFrom}.`]),
    ...(generated.length === 0
      ? []
      : [`  ${firstStart ? 'First start: keys' : 'Keys'} were generated for ${generated.join(', ')}.`]),
    ...(seeded === null ? [] : [`  ${seeded}`]),
  ];
}

function tokenToAskFor({ adminToken }: Ready): string[] {
  if (adminToken === null) return [];
  const asked = '  This address is not loopback, so /api and /debug ask for the admin token.';
  return adminToken.generated === null
    ? [`${asked} If it was lost, set another: MINTMARK_ADMIN_TOKEN.`]
    : [`${asked} It is shown this once, keep it:`, `  ${adminToken.generated}`];
}

function tryIt({ example, baseUrl, adminToken }: Ready): string[] {
  if (example === null)
    return [
      `  There is no SAML client yet: POST one to ${baseUrl}/api/v2/clients, or start with a seed file (MINTMARK_SEED).`,
    ];
  const { clientId, userId } = example;
  const body = {
    protocol: 'samlp',
    client_id: clientId,
    user: userId === null ? { user_id: 'auth0|jane', email: 'jane@example.test' } : { user_id: userId },
    complete: true,
  };
  const bearer =
    adminToken === null
      ? ''
      : ` -H "authorization: Bearer ${adminToken.generated ?? '$MINTMARK_ADMIN_TOKEN'}"`;
  return [
    'Issue a signed SAML response:',
    `  curl -s ${baseUrl}/api/transactions -H 'content-type: application/json'${bearer} -d ${quoted(JSON.stringify(body))}`,
    `Its "id" leads to all that is in it and how it verifies: ${baseUrl}/debug/transactions/<id>`,
  ];
}
