/**
 * What a form of ours carries so that no other page can post in its place: it follows from a cookie that other pages cannot read, and
 * from what the form is for, so nothing need be kept, and any instance can check it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** `purpose`: id of the login or logout that the form belongs to. */
export const csrfTokenOf = (browserToken: string, purpose: string): string =>
  createHmac('sha256', browserToken).update(`csrf ${purpose}`).digest('base64url');

/** In a time that tells nothing of where two tokens differ; `given` may be whatever came. */
export function isCsrfToken(given: unknown, browserToken: string | undefined, purpose: string): boolean {
  if (typeof given !== 'string' || browserToken === undefined || browserToken === '') return false;
  const theirs = Buffer.from(given);
  const ours = Buffer.from(csrfTokenOf(browserToken, purpose));
  return theirs.length === ours.length && timingSafeEqual(theirs, ours);
}
