/**
 * The operator's own certificate for https. What no client could ever connect by is refused; what some clients will refuse is warned of,
 * since to see that may be the test.
 */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { TlsPair } from '../tenant/tls-certificates.js';
import { StartError, unreadable } from './start-error.js';

interface Files {
  readonly certificateFile: string;
  readonly keyFile: string;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const isPrivateKey = (text: string): boolean => /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/.test(text);
/** PKCS#8, and OpenSSL's own way of before. */
const isEncryptedKey = (text: string): boolean =>
  /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text);

const refused = (sentence: string, cause?: unknown): StartError =>
  new StartError('tls_pair_unusable', sentence, { cause });

/** Throws StartError `tls_pair_unusable`, in a sentence that says what to mend. */
export async function readOwnCertificate(
  { certificateFile, keyFile }: Files,
  { baseUrl, now }: { readonly baseUrl: string; readonly now: Date },
  warn: (sentence: string) => void,
): Promise<TlsPair> {
  const [certificateText, keyText] = await Promise.all([
    textOf('MINTMARK_TLS_CERT', certificateFile),
    textOf('MINTMARK_TLS_KEY', keyFile),
  ]);
  const chain = chainIn(certificateText, certificateFile, keyText);
  const [certificate] = chain;
  const key = keyIn(keyText, keyFile);
  requirePair(chain, key, { certificateFile, keyFile });
  const pair = {
    certificatePem: chain.map(String).join(''),
    privateKeyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  requireListenable(pair, certificateFile);
  if (await isExposed(keyFile))
    warn(`${keyFile} can be read by other users of this machine: chmod 600 ${keyFile}`);
  const doubts = [...datesOf(chain, certificateFile, now), ...linksOf(chain, certificateFile)];
  for (const doubt of [...doubts, ...namesOf(certificate, certificateFile, baseUrl)]) warn(doubt);
  return pair;
}

async function textOf(variable: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'latin1');
  } catch (error) {
    throw refused(`${variable} names ${file}, which cannot be read: ${unreadable(error)}.`, error);
  }
}

async function isExposed(file: string): Promise<boolean> {
  return process.platform !== 'win32' && ((await stat(file)).mode & 0o077) !== 0;
}

type Chain = readonly [X509Certificate, ...X509Certificate[]];

function chainIn(text: string, file: string, keyText: string): Chain {
  const [first, ...rest] = text.match(CERTIFICATE) ?? [];
  if (first === undefined) {
    if (isPrivateKey(text) || isEncryptedKey(text))
      throw refused(
        keyText.match(CERTIFICATE)
          ? `MINTMARK_TLS_CERT names a private key, ${file}, and MINTMARK_TLS_KEY a certificate: change them round.`
          : `MINTMARK_TLS_CERT names ${file}, which holds a private key and no certificate.`,
      );
    if (text.includes('BEGIN CERTIFICATE REQUEST') || text.includes('BEGIN NEW CERTIFICATE REQUEST'))
      throw refused(
        `MINTMARK_TLS_CERT names ${file}, which is a request for a certificate: name what the authority answered to it.`,
      );
    throw refused(
      `MINTMARK_TLS_CERT names ${file}, which holds no certificate as PEM (-----BEGIN CERTIFICATE-----). DER becomes PEM by: openssl x509 -inform der -in ${file}; a .p12 or .pfx by: openssl pkcs12 -nodes -in ${file}`,
    );
  }
  try {
    return [new X509Certificate(first), ...rest.map((pem) => new X509Certificate(pem))];
  } catch (error) {
    throw refused(`MINTMARK_TLS_CERT names ${file}, in which a certificate is damaged.`, error);
  }
}

function keyIn(text: string, file: string): KeyObject {
  if (isEncryptedKey(text))
    throw refused(
      `MINTMARK_TLS_KEY names ${file}, which asks for a passphrase; nobody is there to type it at start. Take it off by: openssl pkey -in ${file} -out <file>`,
    );
  if (!isPrivateKey(text))
    throw refused(
      text.match(CERTIFICATE)
        ? `MINTMARK_TLS_KEY names ${file}, which holds a certificate and no private key.`
        : `MINTMARK_TLS_KEY names ${file}, which holds no private key as PEM (-----BEGIN PRIVATE KEY-----).`,
    );
  try {
    return createPrivateKey(text);
  } catch {
    // without a cause: what OpenSSL says is about the key
    throw refused(
      `MINTMARK_TLS_KEY names ${file}, in which the private key is damaged, or of a kind that is not known.`,
    );
  }
}

function requirePair(chain: Chain, key: KeyObject, { certificateFile, keyFile }: Files): void {
  const place = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (place === 0) return;
  throw refused(
    place > 0
      ? `In ${certificateFile} the certificate of the server must come first, and then those that it was issued by; that of ${keyFile} is number ${place + 1}.`
      : `${keyFile} is not the private key of the certificate in ${certificateFile}, which is that of ${subjectOf(chain[0])}. Name the key that it was asked for with, or get a certificate for this one.`,
  );
}

/** What TLS itself does not take, like a key that is too short. */
function requireListenable({ certificatePem, privateKeyPem }: TlsPair, file: string): void {
  try {
    createSecureContext({ cert: certificatePem, key: privateKeyPem });
  } catch (error) {
    const reason = error instanceof Error && 'reason' in error ? String(error.reason) : 'it gives no reason';
    throw refused(`TLS does not take the certificate in ${file}: ${reason}.`, error);
  }
}

const subjectOf = ({ subject, subjectAltName }: X509Certificate): string =>
  subjectAltName ?? subject ?? 'nobody';

const datesOf = (chain: Chain, file: string, now: Date): string[] =>
  chain.flatMap((certificate, index) => {
    const which = index === 0 ? `the certificate in ${file}` : `certificate ${index + 1} in ${file}`;
    const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
    if (to < now) return [`${which} ended at ${to.toISOString()}: clients will refuse it`];
    return from > now ? [`${which} begins at ${from.toISOString()} only: clients will refuse it`] : [];
  });

const linksOf = (chain: Chain, file: string): string[] =>
  chain
    .slice(1)
    .flatMap((issuer, index) =>
      chain[index]!.checkIssued(issuer)
        ? []
        : [
            `certificate ${index + 1} in ${file} was not issued by the one that comes after it: clients may find no way to an authority that they trust`,
          ],
    );

function namesOf(certificate: X509Certificate, file: string, baseUrl: string): string[] {
  const { hostname, port } = new URL(baseUrl);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const covers =
    isIP(host) === 0
      ? // clients no longer look at the common name (RFC 9525)
        certificate.checkHost(host, { subject: 'never' }) !== undefined
      : certificate.checkIP(host) !== undefined;
  if (covers) return [];
  const names = certificate.subjectAltName;
  const named = /DNS:([\w.-]+)/.exec(names ?? '')?.[1];
  return [
    names === undefined
      ? `the certificate in ${file} has no subjectAltName, so that clients will not take it for ${host}, or for anyone`
      : `the certificate in ${file} is for ${names} and not for ${host}, so that clients will refuse it${named === undefined ? '' : `: is BASE_URL to be https://${named}${port === '' ? '' : `:${port}`}?`}`,
  ];
}
