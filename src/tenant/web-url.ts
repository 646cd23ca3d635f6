import { z } from 'zod';

/** http(s) only: `javascript:` or `data:` as a form action would be script on our own origin (saml-output.md 17). */
export const webUrl = z
  .string('must be string')
  .max(2048, 'must NOT have more than 2048 characters')
  .refine((text) => {
    // a parser mends white space and control characters, an SP compares the text as it is
    if (/[\s\p{Cc}]/u.test(text) || !URL.canParse(text)) return false;
    const { protocol } = new URL(text);
    return protocol === 'https:' || protocol === 'http:';
  }, 'must be an absolute http or https URL, like https://sp.example.com/acs');
