/** Passwords of users, as they are kept: scrypt (RFC 7914), salted, the cost written beside the hash so that it can grow. */
import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** 16 MiB and some 50 ms of the threadpool a password. */
const COST = { N: 16_384, r: 8, p: 1 };
const HASH_BYTES = 32;

/** `scrypt$N$r$p$salt$hash`, both parts base64url. One password gives another text each time. */
export async function hashPassword(password: string, salt = randomBytes(16)): Promise<string> {
  const hash = await derive(password, salt, HASH_BYTES, COST);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** Whether `stored` was made from the password; in a time that tells nothing of where the hashes differ. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [, N, r, p, salt, hash] =
    /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([\w-]+)\$([\w-]+)$/.exec(stored) ?? [];
  if (salt === undefined || hash === undefined)
    throw new TypeError('what is kept is not a hash of hashPassword');
  const expected = Buffer.from(hash, 'base64url');
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  // Node refuses by default what needs more than 32 MiB; scrypt needs 128 * N * r bytes and a little.
  const maxmem = 256 * cost.N * cost.r;
  const given = await derive(password, Buffer.from(salt, 'base64url'), expected.length, { ...cost, maxmem });
  return timingSafeEqual(given, expected);
}
