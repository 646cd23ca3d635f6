/** The ids of one transaction's artefacts: random, or reproducible from a seed. */
import { createHmac } from 'node:crypto';
import type { ResponseIds } from '../protocol/saml/response-context.js';

export interface ArtefactIds extends ResponseIds {
  /** `sid` of the tokens. */
  readonly session: string;
  /** An access token that is no JWT. */
  readonly opaqueToken: string;
}

const NAMES = ['response', 'assertion', 'sessionIndex', 'session', 'opaqueToken'] as const;
/** 160 bits each; SAML Core 1.3.4 asks for 128 at least. */
const BYTES = 20;

/** Without a seed random, from one draw. With one, each is derived from the seed and its own name: the same on any instance. */
export function artefactIds(seed: string | null, random: (bytes: number) => Buffer): ArtefactIds {
  const drawn = seed === null ? random(BYTES * NAMES.length) : null;
  const bytes = (name: (typeof NAMES)[number]): Buffer => {
    if (drawn) return drawn.subarray(NAMES.indexOf(name) * BYTES, (NAMES.indexOf(name) + 1) * BYTES);
    return createHmac('sha256', seed!).update(`mintmark:${name}`).digest().subarray(0, BYTES);
  };
  /** An NCName begins with a letter or `_`. */
  const xmlId = (name: (typeof NAMES)[number]): string => `_${bytes(name).toString('hex')}`;
  return {
    response: xmlId('response'),
    assertion: xmlId('assertion'),
    sessionIndex: xmlId('sessionIndex'),
    session: bytes('session').toString('base64url'),
    opaqueToken: bytes('opaqueToken').toString('base64url'),
  };
}
