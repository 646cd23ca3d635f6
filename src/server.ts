/** Starts and stops the whole server: for main.ts, and for a test that wants one in its own process on port 0. */
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import { AppModule } from './app.module.js';
import { baseUrlOf, type Config } from './config.js';
import { ActionModules, BaseUrl } from './login/ports.js';
import { provision, type Provisioned } from './provision.js';
import { takeBackAdminToken } from './provision/admin-token.js';
import { SettingsStore } from './storage/settings-store.js';
import { borderOptions, layBorder } from './web/border/border.js';
import { serveDocs } from './web/docs/openapi.js';
import { AdminTokenHash } from './web/operator/admin-token-hash.js';
import { VERSION } from './web/version.js';
import { guardPolicy, type GuardPolicy } from './web/border/request-guard.js';

export interface RunningServer extends Provisioned {
  /** The public base URL, without a trailing slash. */
  readonly baseUrl: string;
  readonly app: NestFastifyApplication;
  /** Answers what is in flight, then closes. */
  readonly close: () => Promise<void>;
}

export async function startServer(config: Config): Promise<RunningServer> {
  // fatal messages end up in main.ts; entries on standard error keep standard output for people
  const log = pino({ level: config.logLevel }, pino.destination({ fd: 2, sync: true }));
  const adapter = new FastifyAdapter({ ...borderOptions, forceCloseConnections: 'idle' });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(config), adapter, {
    logger: false,
    abortOnError: false,
  });
  let policy: GuardPolicy | undefined;
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
    provisioned = await provision(app, config, log);
    serveDocs(app, VERSION);
    await app.init();
    await app.listen(config.port, config.host);
    const { port } = app.getHttpServer().address() as { port: number };
    const baseUrl = baseUrlOf(config, port);
    app.get(BaseUrl).value = baseUrl;
    const adminTokenHash = provisioned.adminToken?.hash ?? null;
    app.get(AdminTokenHash).value = adminTokenHash;
    policy = guardPolicy({ ...config, port, baseUrl, adminTokenHash });
    return { ...provisioned, baseUrl, app, close: () => closeWhenAnswered(app) };
  } catch (error) {
    if (provisioned?.adminToken) await takeBackAdminToken(app.get(SettingsStore), provisioned.adminToken);
    await app.close();
    throw error;
  }
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
