/** Starts and stops the whole server: for main.ts, and for a test that wants one in its own process on port 0. */
import type { Server } from 'node:https';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino, type Logger } from 'pino';
import { AppModule } from './app.module.js';
import { baseUrlOf, type Config } from './config.js';
import { ActionModules, BaseUrl, Clock } from './login/ports.js';
import { provision, type Provisioned } from './provision.js';
import { takeBackAdminToken } from './provision/admin-token.js';
import { readOwnCertificate } from './provision/tls-own-certificate.js';
import { authorityFileOf, provideTls, tlsNames, type PublishedAuthority } from './provision/tls.js';
import { SettingsStore } from './storage/settings-store.js';
import { TlsKeyStore } from './storage/tls-key-store.js';
import { AllowedOriginsService } from './tokens/allowed-origins.service.js';
import { borderOptions, layBorder } from './web/border/border.js';
import { answerPages } from './web/border/cross-origin.js';
import { serveDocs } from './web/docs/openapi.js';
import { AdminTokenHash } from './web/operator/admin-token-hash.js';
import { serveAuthority } from './web/tls/serve-authority.js';
import { TlsListener } from './web/tls/tls-listener.js';
import { VERSION } from './web/version.js';
import { guardPolicy, type GuardPolicy } from './web/border/request-guard.js';

export interface RunningServer extends Provisioned {
  /** The public base URL, without a trailing slash. */
  readonly baseUrl: string;
  /** `null` where plain http is spoken, or https by a certificate of the operator. */
  readonly authority: PublishedAuthority | null;
  readonly app: NestFastifyApplication;
  /** Answers what is in flight, then closes. */
  readonly close: () => Promise<void>;
}

export async function startServer(config: Config): Promise<RunningServer> {
  // fatal messages end up in main.ts; entries on standard error keep standard output for people
  const log = pino({ level: config.logLevel }, pino.destination({ fd: 2, sync: true }));
  const listener = config.tls === 'off' ? null : new TlsListener(borderOptions.http);
  const adapter = new FastifyAdapter({
    ...borderOptions,
    forceCloseConnections: 'idle',
    ...(listener && { https: listener.options }),
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(config), adapter, {
    logger: false,
    abortOnError: false,
  });
  let policy: GuardPolicy | undefined;
  answerPages(app, (origin) => app.get(AllowedOriginsService).isAllowed(origin));
  layBorder(app, {
    policy: () => {
      if (!policy) throw new Error('a request came before the server was ready');
      return policy;
    },
    report: (err, where) => log.error({ err, where }, 'a request failed'),
  });
  let provisioned: Provisioned | undefined;
  app.get(ActionModules).folder = config.actionModulesFolder;
  try {
    const authority = listener && (await serveTls(app, config, { listener, log }));
    provisioned = await provision(app, config, log);
    serveDocs(app, VERSION);
    await app.init();
    await app.listen(config.port, config.host);
    const port = portOf(app);
    const baseUrl = baseUrlOf(config, port);
    app.get(BaseUrl).value = baseUrl;
    const adminTokenHash = provisioned.adminToken?.hash ?? null;
    app.get(AdminTokenHash).value = adminTokenHash;
    policy = guardPolicy({ ...config, port, baseUrl, adminTokenHash });
    return { ...provisioned, baseUrl, authority, app, close: () => closeWhenAnswered(app) };
  } catch (error) {
    if (provisioned?.adminToken) await takeBackAdminToken(app.get(SettingsStore), provisioned.adminToken);
    await app.close();
    throw error;
  }
}

const portOf = (app: NestFastifyApplication): number =>
  (app.getHttpServer().address() as { port: number }).port;

/** Before the server listens, and before the application is initialised. */
async function serveTls(
  app: NestFastifyApplication,
  config: Config,
  { listener, log }: { readonly listener: TlsListener; readonly log: Logger },
): Promise<PublishedAuthority | null> {
  const now = app.get(Clock).now();
  const baseUrl = baseUrlOf(config, config.port);
  const warn = (sentence: string): void => log.warn(sentence);
  const { server, authority } =
    typeof config.tls === 'object'
      ? { server: await readOwnCertificate(config.tls, { baseUrl, now }, warn), authority: null }
      : await provideTls(
          app.get(TlsKeyStore),
          {
            names: tlsNames(baseUrl, config.allowedHosts),
            now,
            file: authorityFileOf(config.databaseUrl),
          },
          warn,
        );
  listener.present(app.getHttpServer() as Server, server, () => baseUrlOf(config, portOf(app)));
  if (authority) serveAuthority(app, authority.certificatePem);
  return authority;
}

const SWEEP_MS = 50;
/** Supervisors kill after 10 s. A body that stalls would never be in; once closing, Node no longer looks at `requestTimeout`. */
const LAST_CALL_MS = 8_000;

/** Node closes the connections that are idle at once; one that is answered later would be kept alive for a minute more. */
async function closeWhenAnswered(app: NestFastifyApplication): Promise<void> {
  const server = app.getHttpServer();
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const lastCall = setTimeout(() => server.closeAllConnections(), LAST_CALL_MS);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
    clearTimeout(lastCall);
  }
}
