import { X509Certificate } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, parse, resolve } from 'node:path';
import { isInMemory, readDatabaseUrl } from '../storage/database-url.js';
import type { TlsKeyStore } from '../storage/tls-key-store.js';
import {
  isServerCertificateFit,
  makeServerCertificate,
  makeTlsAuthority,
  type TlsPair,
} from '../tenant/tls-certificates.js';

/** What a client is to trust. */
export interface PublishedAuthority {
  readonly certificatePem: string;
  /** SHA-256, as OpenSSL prints it. */
  readonly fingerprint: string;
  /** Absolute; `null` where the certificate was not written to a file. */
  readonly file: string | null;
}
export interface ProvidedTls {
  /** What the server listens with. */
  readonly server: TlsPair;
  readonly authority: PublishedAuthority;
}

const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/** The names and addresses in a URL's or a Host header's authorities, without port, brackets and zone; loopback is always among them. */
export function tlsNames(baseUrl: string, allowedHosts: readonly string[]): string[] {
  const hosts = [new URL(baseUrl).host, ...allowedHosts].map((host) =>
    host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1'),
  );
  return [...new Set([...LOOPBACK, ...hosts])];
}

/** Beside the SQLite file and called after it, so that two databases in a folder do not write the same; `null` without such a file. */
export function authorityFileOf(databaseUrl: string): string | null {
  const address = readDatabaseUrl(databaseUrl);
  if (address.kind !== 'sqlite' || isInMemory(address.path)) return null;
  return resolve(join(dirname(address.path), `${parse(address.path).name}-ca.pem`));
}

/** The authority and a certificate of the server; what is kept stays for as long as it fits. */
export async function provideTls(
  store: TlsKeyStore,
  {
    names,
    now,
    file,
  }: { readonly names: readonly string[]; readonly now: Date; readonly file: string | null },
  warn: (sentence: string) => void,
): Promise<ProvidedTls> {
  const authority =
    (await store.get('authority')) ?? (await store.insertFirstAuthority(await makeTlsAuthority(now)));
  const { certificatePem } = authority;
  return {
    server: await serverCertificate(store, authority, names, now),
    authority: {
      certificatePem,
      fingerprint: new X509Certificate(certificatePem).fingerprint256,
      file: file !== null && (await isWritten(file, certificatePem, warn)) ? file : null,
    },
  };
}

async function serverCertificate(
  store: TlsKeyStore,
  authority: TlsPair,
  names: readonly string[],
  now: Date,
): Promise<TlsPair> {
  const kept = await store.get('server');
  if (kept && isServerCertificateFit(kept, authority, names, now)) return kept;
  const made = await makeServerCertificate(authority, names, now);
  await store.putServer(made);
  return made;
}

/** A file is a convenience: where it cannot be written, the certificate is still to be had over HTTP. */
async function isWritten(file: string, text: string, warn: (sentence: string) => void): Promise<boolean> {
  try {
    if ((await readFile(file, 'utf8').catch(() => '')) === text) return true;
    // whoever reads it meanwhile finds the whole of it, or of the one before
    const draft = `${file}.${process.pid}`;
    await writeFile(draft, text, { mode: 0o644 });
    await rename(draft, file);
    return true;
  } catch (error) {
    warn(
      `the certificate of the local authority could not be written to ${file}: ${error instanceof Error ? error.message : String(error)}`,
    );
    return false;
  }
}
