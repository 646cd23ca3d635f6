import { z } from 'zod';

/** One scope (RFC 6749 3.3): it stands between spaces in `scope`. */
export const scopeValue = z
  .string('must be string')
  .regex(
    /^[\x21\x23-\x5B\x5D-\x7E]{1,280}$/,
    'must be 1 to 280 characters of ASCII, without spaces, quotes and backslashes, like read:reports',
  );

/** Of an audience: the identifier of a resource server. */
export const audienceText = z
  .string('must be string')
  .min(1, 'must NOT be empty')
  .max(600, 'must NOT have more than 600 characters')
  .refine(
    (text) => !/[\s\p{Cc}\p{Cs}]/u.test(text),
    'must NOT have spaces or control characters; it is what tokens name as their audience, like https://api.example.com/',
  );
