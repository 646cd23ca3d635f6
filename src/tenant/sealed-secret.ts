/** Secrets of Actions, as they are kept: AES-256-GCM (NIST SP 800-38D). What it protects from, and what not: docs/decisions/action-secrets.md. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { TenantError } from './tenant-error.js';

export interface SealedSecret {
  readonly name: string;
  /** See `seal`. */
  readonly sealed: string;
  /** ISO instant. */
  readonly updated_at: string;
}

/** Where a secret belongs; sealed for one place, it opens at no other. */
export interface SecretPlace {
  readonly actionId: string;
  readonly name: string;
}

export const SECRETS_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/** JSON keeps the two apart, whatever they hold. */
const placeText = ({ actionId, name }: SecretPlace): string => JSON.stringify([actionId, name]);

/** `v1.` and base64url of nonce, ciphertext and tag. One value gives another text each time. */
export function seal(
  value: string,
  key: Buffer,
  place: SecretPlace,
  nonce = randomBytes(NONCE_BYTES),
): string {
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(Buffer.from(placeText(place)));
  // JSON holds what UTF-8 does not: half of a surrogate pair
  const hidden = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
  return `v1.${Buffer.concat([nonce, hidden, cipher.getAuthTag()]).toString('base64url')}`;
}

/** What was sealed. Throws `secret_unreadable` where the key or the place is another, or the text was changed. */
export function unseal(sealed: string, key: Buffer, place: SecretPlace): string {
  const bytes = Buffer.from(/^v1\.([\w-]+)$/.exec(sealed)?.[1] ?? '', 'base64url');
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(placeText(place)));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const value = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    return JSON.parse(value.toString('utf8')) as string;
  } catch (error) {
    throw new TenantError(
      'secret_unreadable',
      `the secret ${JSON.stringify(place.name)} of the Action ${place.actionId} was sealed with a key that this tenant does not have, as after a restore of single tables: set the secret again, and deploy`,
      { cause: error },
    );
  }
}
