/** The code that a person types to connect a device (RFC 8628 6.1): letters that make no words, and cannot be taken for one another or for digits. */

/** Consonants, without Y. */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ';
const IN_ALPHABET = new RegExp(`^[${ALPHABET}]+$`);
const LENGTH = 8;
/** So many octets that no letter is likelier than another by more than one part in 2^61. */
export const USER_CODE_OCTETS = 12;

const grouped = (letters: string): string => `${letters.slice(0, LENGTH / 2)}-${letters.slice(LENGTH / 2)}`;

/** `WDJB-MJHT`, from at least `USER_CODE_OCTETS` random octets. */
export function userCodeOf(random: Uint8Array): string {
  if (random.length < USER_CODE_OCTETS)
    throw new RangeError(`a user code takes ${USER_CODE_OCTETS} random octets, not ${random.length}`);
  let number = BigInt(`0x${Buffer.from(random).toString('hex')}`);
  let letters = '';
  for (let index = 0; index < LENGTH; index++) {
    letters += ALPHABET[Number(number % BigInt(ALPHABET.length))];
    number /= BigInt(ALPHABET.length);
  }
  return grouped(letters);
}

/**
 * The code that a person meant, however it was typed: in small letters, with spaces, with whatever a keyboard takes for a hyphen.
 * `undefined` where it cannot be a code: a letter that no code has is not passed over, since another one may be missing for it.
 */
export function readUserCode(typed: string): string | undefined {
  if (typed.length > 64) return undefined;
  const letters = typed.normalize('NFKC').replaceAll(/[\s\p{P}\p{Cf}]/gu, '');
  // of some letters beyond ASCII the capitals are two, so they are refused before
  if (!/^[A-Za-z]{8}$/.test(letters)) return undefined;
  const capitals = letters.toUpperCase();
  return IN_ALPHABET.test(capitals) ? grouped(capitals) : undefined;
}
