/**
 * What the environment says, read once at start into a frozen `Config`.
 * One table has every variable; `docs/configuration.md` is written from it.
 */
import { isIP } from 'node:net';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { MintmarkError, type FieldError } from './protocol/mintmark-error.js';
import { didYouMean } from './protocol/nearest-name.js';
import { readDatabaseUrl } from './storage/database-url.js';

const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const TLS_MODES = ['off', 'self'] as const;
/** Whether the port speaks https, and by whose certificate: that of a local authority, or the operator's own. */
export type Tls = (typeof TLS_MODES)[number] | OwnCertificate;
/** Paths of PEM files. */
export interface OwnCertificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** The environment cannot be used: one line a variable. */
export class ConfigError extends MintmarkError<'config_invalid'> {}

interface Variable<Value> {
  /** Reads the text of the variable. Its message says what is allowed, and never repeats a secret. */
  readonly schema: z.ZodType<Value, string>;
  /** What stands when the variable is unset or empty. */
  readonly initial: Value;
  /** The default in words, where `initial` is not one. */
  readonly otherwise?: string;
  readonly allowed: string;
  readonly description: string;
}
const variable = <Value>(row: Variable<Value>): Variable<Value> => row;

const canRead = (text: string, accept: (url: URL) => boolean): boolean =>
  URL.canParse(text) && accept(new URL(text));

const HOST_NAME = /^(?!-)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i;
/** `name`, `name:port`, `[::1]`, `[::1]:port`; no scheme and no path. */
const isAuthority = (text: string): boolean => {
  const [, name, , port] = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(:(\d{1,5}))?$/i.exec(text) ?? [];
  if (name === undefined || Number(port ?? 0) > 65_535) return false;
  return name.startsWith('[') ? isIP(name.slice(1, -1)) === 6 : HOST_NAME.test(name);
};

const isPath = (text: string): boolean => !text.includes('-----BEGIN');

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

const ALLOWED_DATABASES = 'file:<path> (SQLite) or postgres://<user>:<password>@<host>:<port>/<database>';
const isDatabaseUrl = (text: string): boolean => {
  try {
    return readDatabaseUrl(text).kind === 'sqlite' || canRead(text, (url) => url.pathname.length > 1);
  } catch {
    return false;
  }
};

export const VARIABLES = {
  PORT: variable({
    schema: z
      .string()
      .regex(/^\d{1,5}$/)
      .transform(Number)
      .refine((port) => port <= 65_535),
    initial: 3000,
    allowed: 'a number from 0 to 65535; 0 takes any free port',
    description: 'Port the server listens on.',
  }),
  HOST: variable({
    schema: z
      .string()
      .transform((text) => text.replace(/^\[(.*)\]$/, '$1'))
      .refine((text) => isIP(text) !== 0 || HOST_NAME.test(text)),
    initial: '127.0.0.1',
    allowed: 'an IP address or a host name, without scheme and port',
    description:
      'Address the server listens on. On any other than loopback, `/api` and `/debug` ask for the admin token.',
  }),
  BASE_URL: variable<string | null>({
    schema: z
      .string()
      .refine((text) =>
        canRead(
          text,
          (url) =>
            /^https?:$/.test(url.protocol) &&
            !/[?#]/.test(text) &&
            url.username === '' &&
            url.password === '',
        ),
      )
      .transform((text) => withoutSlash(new URL(text).href)),
    initial: null,
    otherwise:
      '`http://<HOST>:<PORT>`, with `localhost` where HOST is every address, and https where a certificate is served',
    allowed: 'an absolute http or https URL without user, query and fragment',
    description: 'URL under which browsers and service providers reach the server; the issuer of tokens.',
  }),
  DATABASE_URL: variable({
    schema: z
      .string()
      .refine(isDatabaseUrl)
      .transform((text) => text.replace(/^postgresql:/, 'postgres:')),
    initial: 'file:data/mintmark.sqlite',
    allowed: ALLOWED_DATABASES,
    description:
      'Where everything is kept: an embedded SQLite file, whose folder is made if missing, or a PostgreSQL database that any number of instances share.',
  }),
  MINTMARK_SEED: variable<string | null>({
    schema: z
      .string()
      .refine((text) => text === 'none' || /\.ya?ml$/i.test(text))
      .transform((text) => (text === 'none' ? null : text)),
    initial: fileURLToPath(new URL('../examples/demo/mintmark.yaml', import.meta.url)),
    otherwise: 'the demo tenant, `examples/demo/mintmark.yaml`',
    allowed: 'the path of a .yaml or .yml file, or none',
    description: 'Seed file: the settings, clients, users and Actions the tenant starts with.',
  }),
  MINTMARK_ACTION_MODULES: variable<string | null>({
    schema: z.string().transform((folder) => resolve(folder)),
    initial: null,
    otherwise: 'the folder of the seed file where MINTMARK_SEED names one, else the working directory',
    allowed: 'the path of a folder',
    description:
      'Folder whose `node_modules` holds the npm packages of Actions that are deployed over `/api/v2/actions`. Actions of a seed file find theirs from the folder of their code.',
  }),
  MINTMARK_ADMIN_TOKEN: variable<string | null>({
    schema: z.string().regex(/^[\w.~+/-]{16,256}=*$/),
    initial: null,
    otherwise: 'generated at first start where it is needed',
    allowed: '16 to 256 letters, digits or - . _ ~ + / (RFC 6750 2.1)',
    description:
      'What `Authorization: Bearer …` must carry on `/api` and `/debug` when the server does not listen on loopback; a browser is asked for it once.',
  }),
  MINTMARK_CERTS: variable({
    schema: z.string(),
    initial: 'certs',
    allowed: 'the path of a folder',
    description:
      'Folder whose `tenant.key` and `tenant.crt` (PEM) become the tenant key at first start; without them one is generated.',
  }),
  MINTMARK_ALLOWED_HOSTS: variable<readonly string[]>({
    schema: z
      .string()
      .transform((text) =>
        text
          .split(',')
          .map((host) => host.trim().toLowerCase())
          .filter((host) => host !== ''),
      )
      .refine((hosts) => hosts.every(isAuthority)),
    initial: [],
    otherwise: 'none',
    allowed: 'names with or without port, separated by commas, like idp.test,idp.internal:8443',
    description:
      'Host headers that are answered besides those of BASE_URL and loopback; a name without port stands for every port.',
  }),
  MINTMARK_TLS: variable<(typeof TLS_MODES)[number]>({
    schema: z.enum(TLS_MODES),
    initial: 'off',
    allowed: `one of ${TLS_MODES.join(', ')}; a certificate of your own is named by MINTMARK_TLS_CERT and MINTMARK_TLS_KEY`,
    description:
      'With `self` the port speaks https, by a certificate that a local authority signs. The authority is made at first start; its own certificate, which clients are to trust, is printed at start and served at `/ca.pem`.',
  }),
  MINTMARK_TLS_CERT: variable<string | null>({
    schema: z.string().refine(isPath),
    initial: null,
    otherwise: 'none',
    allowed: 'the path of a PEM file, not its text',
    description:
      'Certificate of your own, with which the port speaks https in place of MINTMARK_TLS: that of the server first, then those that it was issued by. Read at start.',
  }),
  MINTMARK_TLS_KEY: variable<string | null>({
    schema: z.string().refine(isPath),
    initial: null,
    otherwise: 'none',
    allowed: 'the path of a PEM file, not its text',
    description: 'Private key of MINTMARK_TLS_CERT, without a passphrase.',
  }),
  MINTMARK_LOG_LEVEL: variable<LogLevel>({
    schema: z.enum(LOG_LEVELS),
    initial: 'warn',
    allowed: `one of ${LOG_LEVELS.join(', ')}`,
    description: 'The least severe entries that are logged, as JSON lines on standard error.',
  }),
} as const;

export interface Config {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host: string;
  /** As set, without a trailing slash; `null` follows the address that is listened on, see `baseUrlOf`. */
  readonly baseUrl: string | null;
  /** `file:…` or `postgres://…`; it may hold a password, see `withoutPassword`. */
  readonly databaseUrl: string;
  /** Path of the seed file; `null` seeds nothing. */
  readonly seedFile: string | null;
  /** Absolute. */
  readonly actionModulesFolder: string;
  readonly adminToken: string | null;
  readonly certsFolder: string;
  /** Lower case. */
  readonly allowedHosts: readonly string[];
  readonly tls: Tls;
  readonly logLevel: LogLevel;
}

/** Not ours to judge: the test suite has variables of its own. */
const TEST_PREFIX = 'MINTMARK_TEST_';
const withoutPrefix = (name: string): string => name.slice('MINTMARK_'.length);

/** The configuration in `env`. Throws ConfigError `config_invalid` that names every variable at fault and what is allowed. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const errors: FieldError[] = [];
  const read = <Name extends keyof typeof VARIABLES>(
    name: Name,
  ): (typeof VARIABLES)[Name] extends Variable<infer Value> ? Value : never => {
    const row: Variable<unknown> = VARIABLES[name];
    const text = env[name]?.trim() ?? '';
    const result = text === '' ? undefined : row.schema.safeParse(text);
    if (result?.success === false)
      errors.push({ pointer: `/${name}`, detail: `${name} must be ${row.allowed}.` });
    return (result?.success ? result.data : row.initial) as never;
  };
  const seedFile = read('MINTMARK_SEED');
  const isOwnSeed = seedFile !== null && seedFile !== VARIABLES.MINTMARK_SEED.initial;
  const own = { certificateFile: read('MINTMARK_TLS_CERT'), keyFile: read('MINTMARK_TLS_KEY') };
  const isModeSaid = (env['MINTMARK_TLS']?.trim() ?? '') !== '';
  const config: Config = {
    port: read('PORT'),
    host: read('HOST'),
    baseUrl: read('BASE_URL'),
    databaseUrl: read('DATABASE_URL'),
    seedFile,
    actionModulesFolder:
      read('MINTMARK_ACTION_MODULES') ?? (isOwnSeed ? resolve(dirname(seedFile)) : process.cwd()),
    adminToken: read('MINTMARK_ADMIN_TOKEN'),
    certsFolder: read('MINTMARK_CERTS'),
    allowedHosts: Object.freeze(read('MINTMARK_ALLOWED_HOSTS')),
    tls: tlsOf({ mode: read('MINTMARK_TLS'), isModeSaid, ...own }, errors),
    logLevel: read('MINTMARK_LOG_LEVEL'),
  };
  if (config.tls !== 'off' && config.baseUrl?.startsWith('http:'))
    errors.push({
      pointer: '/BASE_URL',
      detail: `BASE_URL must be an https URL where ${config.tls === 'self' ? 'MINTMARK_TLS is self' : 'MINTMARK_TLS_CERT is set'}: the port does not speak http then.`,
    });
  const known = Object.keys(VARIABLES);
  for (const name of Object.keys(env))
    if (name.startsWith('MINTMARK_') && !name.startsWith(TEST_PREFIX) && !known.includes(name))
      errors.push({
        pointer: `/${name}`,
        detail: `${name} is not a variable of Mintmark${didYouMean(known.includes(withoutPrefix(name)) ? withoutPrefix(name) : name, known) || `; there are ${known.join(', ')}.`}`,
      });
  if (errors.length > 0)
    throw new ConfigError(
      'config_invalid',
      ['The environment cannot be used:', ...errors.map(({ detail }) => `  ${detail}`)].join('\n'),
      { errors },
    );
  return Object.freeze(config);
}

interface TlsSaid {
  readonly mode: (typeof TLS_MODES)[number];
  readonly isModeSaid: boolean;
  readonly certificateFile: string | null;
  readonly keyFile: string | null;
}
function tlsOf({ mode, isModeSaid, certificateFile, keyFile }: TlsSaid, errors: FieldError[]): Tls {
  if (certificateFile === null && keyFile === null) return mode;
  if (isModeSaid)
    errors.push({
      pointer: '/MINTMARK_TLS',
      detail: `MINTMARK_TLS must be left out beside MINTMARK_TLS_CERT and MINTMARK_TLS_KEY: the port speaks https by a certificate of your own, ${mode === 'self' ? 'or by one that is made, not by both' : 'or not at all'}.`,
    });
  if (certificateFile !== null && keyFile !== null) return Object.freeze({ certificateFile, keyFile });
  const [missing, there] = certificateFile === null ? ['CERT', 'KEY'] : ['KEY', 'CERT'];
  errors.push({
    pointer: `/MINTMARK_TLS_${missing}`,
    detail: `MINTMARK_TLS_${missing} must be set too where MINTMARK_TLS_${there} is: ${missing === 'KEY' ? 'the private key of that certificate' : 'the certificate of that private key'}. Both may be in one file.`,
  });
  return mode;
}

const EVERY_ADDRESS = new Set(['0.0.0.0', '::']);

/** The URL the server is reached at, without a trailing slash; `port` is the one that is listened on. */
export function baseUrlOf(config: Pick<Config, 'baseUrl' | 'host' | 'tls'>, port: number): string {
  if (config.baseUrl !== null) return config.baseUrl;
  const host = EVERY_ADDRESS.has(config.host) ? 'localhost' : config.host;
  const scheme = config.tls === 'off' ? 'http' : 'https';
  return withoutSlash(
    new URL(`${scheme}://${isIP(host) === 6 ? `[${host.replace(/%.*$/, '')}]` : host}:${port}`).href,
  );
}

/** A database URL as it may be printed. */
export const withoutPassword = (databaseUrl: string): string => {
  if (!URL.canParse(databaseUrl)) return databaseUrl.replace(/\/\/.*@/, '//***@');
  if (databaseUrl.startsWith('file:')) return databaseUrl;
  const url = new URL(databaseUrl);
  if (url.password !== '') url.password = '***';
  // libpq takes them as parameters too.
  for (const name of ['password', 'sslpassword', 'passfile'])
    if (url.searchParams.has(name)) url.searchParams.set(name, '***');
  return url.href;
};
