import type { SigningKeyStore } from '../storage/signing-key-store.js';
import { TOKEN_ALGORITHMS, type TokenAlgorithm } from '../tenant/client.js';
import { generateSigningKey, type KeyCircumstances } from '../tenant/key-generation.js';
import { importSigningKey } from '../tenant/key-import.js';
import type { SigningKey } from '../tenant/signing-key.js';
import { TenantError } from '../tenant/tenant-error.js';
import { StartError } from './start-error.js';
import type { TenantPair } from './tenant-pair.js';

export interface ProvidedKeys {
  /** The algorithms for which a key was generated. */
  readonly generated: readonly TokenAlgorithm[];
  /** The file the tenant key was imported from just now. */
  readonly importedFrom: string | null;
}

/** Sees to a current key for each algorithm. Those that are missing are generated side by side, in the threadpool. */
export async function provideTenantKeys(
  store: SigningKeyStore,
  imported: { readonly key: SigningKey; readonly pair: TenantPair } | null,
  circumstances: KeyCircumstances,
): Promise<ProvidedKeys> {
  const isNew = imported !== null && (await importKey(store, imported.key));
  const current = new Set(
    (await store.list()).filter(({ status }) => status === 'current').map(({ alg }) => alg),
  );
  const generated = TOKEN_ALGORITHMS.filter((alg) => !current.has(alg));
  await Promise.all(
    generated.map(async (alg) => store.insertFirst(await generateSigningKey(alg, circumstances))),
  );
  return { generated, importedFrom: isNew ? imported.pair.keyFile : null };
}

/** False where the key is kept already, as it is from the second start on; then it is not made the current one again. */
async function importKey(store: SigningKeyStore, key: SigningKey): Promise<boolean> {
  try {
    await store.rotate(key);
    return true;
  } catch (error) {
    if (error instanceof TenantError && error.code === 'key_exists') return false;
    throw error;
  }
}

/** The pair as a key. It signs SAML, so it is RSA. Throws `tenant_key_unusable` that names the file at fault. */
export function tenantKeyOf(pair: TenantPair, circumstances: KeyCircumstances): SigningKey {
  try {
    return importSigningKey({ ...pair, alg: 'RS256' }, circumstances);
  } catch (error) {
    if (!(error instanceof TenantError)) throw error;
    const { pointer, detail } = error.errors[0] ?? { pointer: '', detail: error.description };
    const said = {
      '/alg': `${pair.keyFile}: the tenant key signs SAML responses, so it must be an RSA key`,
      // What follows is advice for an import over REST, where the certificate may be left out.
      '/certificate': `${pair.certificateFile}: ${detail.split(';', 1)[0]}`,
    }[pointer];
    throw new StartError('tenant_key_unusable', `${said ?? `${pair.keyFile}: ${detail}`}.`, {
      cause: error,
    });
  }
}
