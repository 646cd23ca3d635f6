/** What `POST /debug/verify` takes: a SAML response or a JWT, and what the one who received it knows. */
import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { readCertificate, readPrivateKey } from '../protocol/saml/pem.js';
import { SamlError } from '../protocol/saml/saml-error.js';

const line = z.string('must be string').max(2048, 'must NOT have more than 2048 characters');
const pem = z.string('must be string').max(16_384, 'must NOT have more than 16384 characters');

const shape = {
  SAMLResponse: z
    .string('must be string')
    .min(1, 'must NOT be empty')
    .optional()
    .describe('base64 as in the form field; the XML itself is taken too'),
  jwt: z.string('must be string').min(1, 'must NOT be empty').optional(),
  certificate: pem
    .optional()
    .describe(
      'PEM of the signer’s certificate, or of its public key for a JWT; what the tenant publishes where it is left out',
    ),
  decryptionKey: pem.optional().describe('PEM of the SP’s private key; it is used and forgotten'),
  issuer: line.optional().describe('the issuer that is expected'),
  audience: line.optional().describe('the audience that is expected'),
  recipient: line.optional().describe('the Recipient that is expected'),
  destination: line.optional().describe('the Destination that is expected'),
  inResponseTo: line.nullable().optional().describe('the ID of the request, or null where none was sent'),
  nonce: line.optional().describe('the nonce that is expected'),
  now: z.iso
    .datetime({ offset: true, error: 'must be an ISO 8601 instant with a zone, like 2026-01-31T12:00:00Z' })
    .optional()
    .describe('the verifier’s clock; the server’s where it is left out'),
  clockSkewInSeconds: z
    .number('must be number')
    .min(0, 'must be >= 0')
    .max(86_400, 'must be <= 86400')
    .optional(),
};
type Members = Readonly<Partial<Record<keyof typeof shape, unknown>>>;

/** What only one of the two kinds has. */
const OF_KIND = {
  SAMLResponse: ['decryptionKey', 'recipient', 'destination', 'inResponseTo'],
  jwt: ['nonce'],
} as const;

export const verifyBodySchema = z.strictObject(shape).superRefine((body: Members, context) => {
  const fault = (message: string, ...path: string[]): void =>
    context.addIssue({ code: 'custom', message, path });
  if ((body.SAMLResponse === undefined) === (body.jwt === undefined))
    return fault('must have either SAMLResponse or jwt, what is to be verified');
  const [kind, other] =
    body.jwt === undefined ? (['SAMLResponse', 'jwt'] as const) : (['jwt', 'SAMLResponse'] as const);
  for (const name of OF_KIND[other])
    if (body[name] !== undefined) fault(`means nothing for a ${kind}: leave it out`, name);
  for (const [name, flaw] of [
    ['certificate', kind === 'jwt' ? verificationKeyFlaw : certificateFlaw],
    ['decryptionKey', decryptionKeyFlaw],
  ] as const) {
    const text = body[name];
    const found = typeof text === 'string' ? flaw(text) : undefined;
    if (found !== undefined) fault(found, name);
  }
  return undefined;
});
export type VerifyBody = z.infer<typeof verifyBodySchema>;

/** What is wrong with a PEM, in words that repeat nothing of it. */
function flawOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof SamlError) return error.errors[0]?.detail ?? error.description;
    throw error;
  }
}
const certificateFlaw = (text: string): string | undefined =>
  flawOf(() => readCertificate(text, { name: 'certificate', pointer: '/certificate' }));
const decryptionKeyFlaw = (text: string): string | undefined =>
  flawOf(() => readPrivateKey(text, { name: 'decryptionKey', pointer: '/decryptionKey' }));

/** Tokens are also verified with keys that no certificate carries, and that are not RSA. */
function verificationKeyFlaw(text: string): string | undefined {
  if (text.includes('BEGIN CERTIFICATE')) return certificateFlaw(text);
  if (text.includes('PRIVATE KEY-----'))
    return 'it is a private key where the certificate or the public key is needed';
  try {
    createPublicKey(text);
    return undefined;
  } catch {
    return 'it holds neither a certificate nor a public key in PEM';
  }
}
