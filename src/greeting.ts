/** What a person reads in the terminal once the server is ready: where it is, what was made, and what to try. */
import type { Provisioned } from './provision.js';
import type { PublishedAuthority } from './provision/tls.js';

export interface Ready extends Pick<Provisioned, 'keys' | 'firstStart' | 'adminToken'> {
  readonly version: string;
  readonly baseUrl: string;
  /** `null` where plain http is spoken, or https by a certificate of the operator. */
  readonly authority: PublishedAuthority | null;
  /** As it may be printed. */
  readonly database: string;
  readonly seconds: number;
  /** What was seeded, in words. */
  readonly seeded: string | null;
  /** A client, if possible one of SAML, and a user to try a login with. */
  readonly example: {
    readonly clientId: string;
    readonly protocol: 'samlp' | 'oidc';
    readonly userId: string | null;
  } | null;
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
    authorityToTrust(ready),
    [
      `  ${baseUrl}/demo/sp                            a SAML login in the browser, at once`,
      `  ${baseUrl}/debug/clients                      what to paste into your service provider or application`,
      `  ${baseUrl}/docs                               every call, to try in the browser`,
      `  ${baseUrl}/debug/transactions                 what was issued, and why`,
      `  ${baseUrl}/.well-known/openid-configuration   for relying parties`,
      `  ${baseUrl}/health                             for scripts and balancers`,
    ],
    localhost(ready),
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

/** Where `/ca.pem` is saved to by the line below. */
const DOWNLOADED = 'mintmark-ca.pem';
const authorityFile = ({ file }: PublishedAuthority): string => quoted(file ?? DOWNLOADED);

/** The certificate itself is printed too: whoever reads the log of a container has no file, and would have to download it unverified. */
function authorityToTrust({ authority, baseUrl }: Ready): string[] {
  if (authority === null) return [];
  const { certificatePem, fingerprint, file } = authority;
  const where =
    file === null
      ? [
          '  https is signed by a local authority. Save the certificate below, or download it:',
          `  curl -sk ${baseUrl}/ca.pem -o ${DOWNLOADED}`,
        ]
      : [`  https is signed by a local authority. Its certificate is ${file}, and at ${baseUrl}/ca.pem`];
  return [
    ...where,
    '  Programs trust it by one of these:',
    `  export NODE_EXTRA_CA_CERTS=${authorityFile(authority)}`,
    `  curl --cacert ${authorityFile(authority)} ${baseUrl}/health`,
    `  SHA-256 ${fingerprint}`,
    certificatePem.trimEnd(),
  ];
}

/** To a browser the two names of one machine are two sites, and to a relying party two issuers. */
function localhost({ baseUrl }: Ready): string[] {
  const { hostname } = new URL(baseUrl);
  if (hostname !== '127.0.0.1') return [];
  return [
    `  For applications on localhost start with BASE_URL=${baseUrl.replace(hostname, 'localhost')}; to browsers ${hostname} is another site.`,
  ];
}

const WHAT_COMES = { samlp: 'Issue a signed SAML response:', oidc: 'Issue signed tokens:' } as const;

function tryIt({ example, baseUrl, adminToken, authority }: Ready): string[] {
  if (example === null)
    return [
      `  There is no client with a callback yet: POST one to ${baseUrl}/api/v2/clients, or start with a seed file (MINTMARK_SEED).`,
    ];
  const { clientId, protocol, userId } = example;
  const body = {
    protocol,
    client_id: clientId,
    user: userId === null ? { user_id: 'auth0|jane', email: 'jane@example.test' } : { user_id: userId },
    complete: true,
  };
  const bearer =
    adminToken === null
      ? ''
      : ` -H "authorization: Bearer ${adminToken.generated ?? '$MINTMARK_ADMIN_TOKEN'}"`;
  const trust = authority === null ? '' : ` --cacert ${authorityFile(authority)}`;
  return [
    ...(protocol === 'oidc'
      ? [
          `Your application's issuer is ${baseUrl}/, and what to paste into it is at ${baseUrl}/debug/clients/${encodeURIComponent(clientId)}`,
        ]
      : []),
    WHAT_COMES[protocol],
    `  curl -s${trust} ${baseUrl}/api/transactions -H 'content-type: application/json'${bearer} -d ${quoted(JSON.stringify(body))}`,
    `Its "id" leads to all that is in it and how it verifies: ${baseUrl}/debug/transactions/<id>`,
  ];
}
