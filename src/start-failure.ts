/** Why the server did not start, in a sentence for the person at the terminal that says how to mend it. */
import { VARIABLES, withoutPassword, type Config } from './config.js';
import { MintmarkError } from './protocol/mintmark-error.js';

type Sentence = (config: Config, database: string) => string;

/** By what `listen` and its name lookup report. */
const LISTENING: Readonly<Record<string, Sentence>> = {
  EADDRINUSE: ({ port, host }) =>
    `Port ${port} of ${host} is taken: another Mintmark may be running. Stop it, or set PORT to another port (0 takes any free one).`,
  EADDRNOTAVAIL: ({ host }) =>
    `${host} is no address of this machine: set HOST to one that is, like ${VARIABLES.HOST.initial}, or 0.0.0.0 for all of them.`,
  EACCES: ({ port }) => `This user may not listen on port ${port}: set PORT to one above 1023.`,
  ENOTFOUND: ({ host }) => `There is no host ${host}: set HOST to an address of this machine.`,
};

const notWritable: Sentence = (_config, database) =>
  `The database ${database} cannot be opened: the user that runs Mintmark may not write there. Mend its permissions, or set DATABASE_URL to another place.`;
const noDatabase: Sentence = (_config, database) =>
  `${database} is not an SQLite database of Mintmark, or it is damaged. Set DATABASE_URL to another file; a new one is made where there is none.`;
const noServer: Sentence = (_config, database) =>
  `No PostgreSQL server answers at ${database}. Start it, or mend DATABASE_URL.`;
const noEntry: Sentence = (_config, database) =>
  `The PostgreSQL server refuses the user or the password of ${database}. Mend DATABASE_URL.`;

/** By what the file system, SQLite and PostgreSQL report when the database is opened. */
const OPENING: Readonly<Record<string, Sentence>> = {
  EACCES: notWritable,
  ENOENT: notWritable,
  EPERM: notWritable,
  EROFS: notWritable,
  SQLITE_CANTOPEN: notWritable,
  SQLITE_READONLY: notWritable,
  EISDIR: noDatabase,
  ENOTDIR: noDatabase,
  EEXIST: noDatabase,
  SQLITE_NOTADB: noDatabase,
  SQLITE_CORRUPT: noDatabase,
  ENOSPC: (_config, database) => `The disk is full: ${database} cannot be written.`,
  SQLITE_FULL: (_config, database) => `The disk is full: ${database} cannot be written.`,
  SQLITE_BUSY: (_config, database) =>
    `Another program holds the database ${database}: stop it and try again.`,
  ECONNREFUSED: noServer,
  ECONNRESET: noServer,
  ENOTFOUND: noServer,
  EAI_AGAIN: noServer,
  ETIMEDOUT: noServer,
  EHOSTUNREACH: noServer,
  '57P03': noServer,
  '28P01': noEntry,
  '28000': noEntry,
  '3D000': (_config, database) =>
    `There is no database at ${database}. Make it: createdb --encoding=UTF8 <name>.`,
  '42501': (_config, database) =>
    `The user of ${database} may not make tables there. Grant it CREATE on the schema.`,
  '53300': (_config, database) => `The PostgreSQL server of ${database} has no connection left.`,
};

/** The sentence, or `undefined` for what nobody foresaw. */
export function startFailure(error: unknown, config: Config): string | undefined {
  if (error instanceof MintmarkError) return error.description;
  if (!(error instanceof Error)) return undefined;
  // pg gives a time that ran out no code
  if (error.message.includes('due to connection timeout'))
    return noServer(config, withoutPassword(config.databaseUrl));
  if (!('code' in error)) return undefined;
  const isListening =
    ('syscall' in error && error.syscall === 'listen') ||
    ('hostname' in error && error.hostname === config.host);
  const sentences = isListening ? LISTENING : OPENING;
  const code = String(error.code);
  if (!Object.hasOwn(sentences, code)) return undefined;
  return sentences[code]!(config, withoutPassword(config.databaseUrl));
}
