import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError, codeOf, unreadable } from './start-error.js';

/** `tenant.key` and `tenant.crt`, as they stand in the folder for certificates. */
export interface TenantPair {
  readonly privateKey: string;
  readonly certificate: string;
  readonly keyFile: string;
  readonly certificateFile: string;
  /** Whether more users than its owner may read the key. */
  readonly isExposed: boolean;
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return null;
    throw new StartError('tenant_key_unusable', `${file} cannot be read: ${unreadable(error)}.`, {
      cause: error,
    });
  }
}

/** `null` where the folder has neither file. Throws `tenant_key_unusable` for half of the pair, and for what cannot be read. */
export async function readTenantPair(folder: string): Promise<TenantPair | null> {
  const [keyFile, certificateFile] = [join(folder, 'tenant.key'), join(folder, 'tenant.crt')];
  const [privateKey, certificate] = [await textOf(keyFile), await textOf(certificateFile)];
  if (privateKey === null && certificate === null) return null;
  if (privateKey === null || certificate === null) {
    const [there, missing] = privateKey === null ? [certificateFile, keyFile] : [keyFile, certificateFile];
    throw new StartError(
      'tenant_key_unusable',
      `${there} is there without ${missing}. Put the missing half beside it, or move it away and a new pair is made.`,
    );
  }
  const { mode } = await stat(keyFile);
  const isExposed = process.platform !== 'win32' && (mode & 0o077) !== 0;
  return { privateKey, certificate, keyFile, certificateFile, isExposed };
}
