/** The ids of one transaction's artefacts: random, or reproducible from a seed. */
import { createHmac } from 'node:crypto';
import type { ResponseIds } from '../protocol/saml/response-context.js';

export interface ArtefactIds extends ResponseIds {
  /** `sid` of the tokens. */
  readonly session: string;
  /** An access token that is no JWT. */
  readonly opaqueToken: string;
}

/**
 * Without a seed each id has 160 bits of `random` (SAML Core 1.3.4 asks for 128 at least). With one, each is derived from the
 * seed and its own name: the same seed gives the same ids on any instance.
 */
export function artefactIds(seed: string | null, random: (bytes: number) => Buffer): ArtefactIds {
  const bytes = (name: string): Buffer =>
    seed === null
      ? random(20)
      : createHmac('sha256', seed).update(`mintmark:${name}`).digest().subarray(0, 20);
  /** An NCName begins with a letter or `_`. */
  const xmlId = (name: string): string => `_${bytes(name).toString('hex')}`;
  return {
    response: xmlId('response'),
    assertion: xmlId('assertion'),
    sessionIndex: xmlId('session-index'),
    session: bytes('session').toString('base64url'),
    opaqueToken: bytes('opaque-token').toString('base64url'),
  };
}
