import { fileURLToPath } from 'node:url';

/** Where the tenant lives: an SQLite file (or `:memory:`), or a PostgreSQL server. */
export type DatabaseAddress =
  { readonly kind: 'sqlite'; readonly path: string } | { readonly kind: 'postgres'; readonly url: string };

const MEMORY = ':memory:';
export const isInMemory = (path: string): boolean => path === MEMORY;

/**
 * Reads `file:relative/or/absolute/path`, `file:///absolute/path`, `file::memory:`, `postgres://…` or `postgresql://…`.
 * Throws a TypeError that says what is allowed; it never repeats the URL, which may hold a password.
 */
export function readDatabaseUrl(databaseUrl: string): DatabaseAddress {
  if (/^postgres(ql)?:\/\//.test(databaseUrl)) return { kind: 'postgres', url: databaseUrl };
  if (databaseUrl.startsWith('file:///')) return { kind: 'sqlite', path: fileURLToPath(databaseUrl) };
  const path = databaseUrl.replace(/^file:/, '');
  if (path !== databaseUrl && path !== '' && !path.startsWith('//')) return { kind: 'sqlite', path };
  throw new TypeError(
    'a database URL must be file:<path> (SQLite), file::memory:, or postgres://user:password@host:port/database',
  );
}
