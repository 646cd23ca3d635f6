import { MintmarkError } from '../protocol/mintmark-error.js';

/** Why the server does not start: a file beside it cannot be used. */
export class StartError extends MintmarkError<
  'tenant_key_unusable' | 'tls_pair_unusable' | 'seed_unusable'
> {}

/** `ENOENT` and its like; empty where the error has no code. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is no folder',
  EISDIR: 'it is a folder',
  EACCES: 'the user that runs Mintmark may not read it',
  EPERM: 'the user that runs Mintmark may not read it',
};
/** Why a file could not be read, in words. */
export const unreadable = (error: unknown): string => REASONS[codeOf(error)] ?? String(error);
