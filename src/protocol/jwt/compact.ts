/** Takes a JWT in compact form apart (RFC 7515 7.1), strictly: a character that no encoder would have written is a flaw. */

export type JsonObject = Readonly<Record<string, unknown>>;

export interface CompactJwt {
  readonly header: JsonObject;
  /** Not read yet: RFC 7519 7.2 looks into the claims after the signature only. */
  readonly payload: Buffer;
  readonly signature: Buffer;
}
export interface Flaw {
  readonly detail: string;
  readonly hint: string;
}

const CUT = 'copy the whole token again: a piece was lost or changed on the way';

/** The octets, where the segment is base64url without padding and nothing else; else `undefined`. */
function octetsOf(segment: string): Buffer | undefined {
  const octets = Buffer.from(segment, 'base64url');
  // Node skips what it does not know and forgives loose bits in the last character; writing it again shows both.
  return octets.toString('base64url') === segment ? octets : undefined;
}

/** The JSON object that these octets of UTF-8 are; `undefined` where they are none. */
export function objectOf(octets: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets),
    );
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Why a text without two dots is no JWT. */
function miscounted(jwt: string, segments: number): Flaw {
  const detail = `a signed JWT has 3 parts between dots, this text has ${segments}`;
  if (segments === 5)
    return {
      detail,
      hint: 'five parts are an encrypted token (JWE); decrypt it, then verify what is inside',
    };
  if (segments === 1 && jwt !== '')
    return {
      detail,
      hint: 'an opaque access token has no parts: set oidc.audience of the transaction (or the tenant’s default_audience) to get a JWT',
    };
  return { detail, hint: CUT };
}

/** The parts of the token, or what is wrong with its form. */
export function parseCompact(jwt: string): CompactJwt | Flaw {
  if (typeof jwt !== 'string')
    return { detail: `not a text but a ${typeof jwt}`, hint: 'give the JWT as a string' };
  if (/^bearer\s/i.test(jwt))
    return {
      detail: 'begins with the word Bearer',
      hint: 'give the token alone, without the Authorization scheme',
    };
  if (/\s/.test(jwt))
    return { detail: 'contains white space or line breaks', hint: 'a JWT is one line: take them out' };
  const segments = jwt.split('.');
  if (segments.length !== 3) return miscounted(jwt, segments.length);
  const [header, payload, signature] = segments.map(octetsOf);
  if (!header || !payload || !signature) {
    const part = ['header', 'payload', 'signature'][[header, payload, signature].indexOf(undefined)];
    return { detail: `the ${part} is not base64url without padding`, hint: CUT };
  }
  const object = objectOf(header);
  if (!object) return { detail: 'the header is not a JSON object', hint: CUT };
  return { header: object, payload, signature };
}

/** Header and payload for display, nothing checked; `null` for what cannot be read. Never throws on a string. */
export function decodeJwt(jwt: string): {
  readonly header: JsonObject | null;
  readonly payload: JsonObject | null;
} {
  const [header = '', payload = ''] = jwt.split('.');
  const shown = (segment: string): JsonObject | null => objectOf(Buffer.from(segment, 'base64url')) ?? null;
  return { header: shown(header), payload: shown(payload) };
}
