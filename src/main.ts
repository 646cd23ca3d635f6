/** The process: reads the environment, starts the server, greets, and stops in good order. */
import { VARIABLES, ConfigError, readConfig, withoutPassword, type Config } from './config.js';
import { greeting, type Ready } from './greeting.js';
import { startFailure } from './start-failure.js';
import { startServer, type RunningServer } from './server.js';
import { ClientStore } from './storage/client-store.js';
import { UserStore } from './storage/user-store.js';
import { VERSION } from './web/version.js';

/** Ctrl-C reaches a process that npm started twice: from the terminal, and from npm. That is one wish, not two. */
const ECHO_MS = 200;

function fail(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

const wordsOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

/** Answers what is in flight, then ends; a second signal does not wait for that. */
function stopOnSignals(server: RunningServer): void {
  let asked: number | undefined;
  const stop = (): void => {
    if (asked !== undefined) {
      if (performance.now() - asked > ECHO_MS) process.exit(1);
      return;
    }
    asked = performance.now();
    server.close().then(
      () => process.exit(0),
      (error: unknown) => fail(`Mintmark did not stop in good order: ${wordsOf(error)}`),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const seededInWords = ({ seeded }: RunningServer): string | null => {
  if (seeded === null) return null;
  const { clients, users, actions } = seeded;
  const what =
    actions === 0
      ? `${counted(clients, 'client')} and ${counted(users, 'user')}`
      : `${counted(clients, 'client')}, ${counted(users, 'user')} and ${counted(actions, 'Action')}`;
  return seeded.file === VARIABLES.MINTMARK_SEED.initial
    ? `The demo tenant was made: ${what}. MINTMARK_SEED names a seed of your own, or none.`
    : `The seed ${seeded.file} was applied: ${what}.`;
};

/** The oldest client that a SAML login can be tried with, else the oldest that gets tokens, and the oldest user. */
async function exampleIn({ app }: RunningServer): Promise<Ready['example']> {
  const clients = await app.get(ClientStore).list({ page: 0, perPage: 100 });
  const users = await app.get(UserStore).list({ page: 0, perPage: 1 });
  const userId = users.items[0]?.user_id ?? null;
  const reachable = clients.items.filter(({ callbacks }) => callbacks.length > 0);
  const provider = reachable.find(({ addons }) => addons.samlp);
  if (provider) return { clientId: provider.client_id, protocol: 'samlp', userId };
  const application = reachable[0];
  return application ? { clientId: application.client_id, protocol: 'oidc', userId } : null;
}

function configuration(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (error instanceof ConfigError) fail(error.description);
    throw error;
  }
}

async function main(): Promise<void> {
  const config = configuration();
  let server: RunningServer;
  try {
    server = await startServer(config);
  } catch (error) {
    fail(startFailure(error, config) ?? `Mintmark could not start: ${wordsOf(error)}`);
  }
  stopOnSignals(server);
  process.stdout.write(
    greeting({
      ...server,
      version: VERSION,
      database: withoutPassword(config.databaseUrl),
      seeded: seededInWords(server),
      example: await exampleIn(server),
      seconds: performance.now() / 1000,
    }),
  );
}

process.on('unhandledRejection', (error) => fail(`A failure that nobody handled: ${wordsOf(error)}`));
// Node would open its inspector, a door to every key in memory.
if (process.platform !== 'win32') process.on('SIGUSR1', () => undefined);
// Whoever read the greeting may be gone: `npm start | head`.
process.stdout.on('error', () => undefined);
await main();
