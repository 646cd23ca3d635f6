/** What a verifier accepts, by URI (RFC 6931, XML Encryption 1.1). What is not listed fails by name; HMAC never is (saml-output.md 9.5). */
import type { VerifyKeyObjectInput } from 'node:crypto';
import { constants } from 'node:crypto';

export interface SignatureMethod {
  readonly name: string;
  readonly hash: string;
  /** Further arguments of node:crypto's verify. */
  readonly options: Omit<VerifyKeyObjectInput, 'key'>;
  /** xml-crypto knows it too. */
  readonly secondOpinion: boolean;
  readonly weak?: true;
}
const dsig = 'http://www.w3.org/2000/09/xmldsig#';
const more = 'http://www.w3.org/2001/04/xmldsig-more#';
const xmlenc = 'http://www.w3.org/2001/04/xmlenc#';
const xmlenc11 = 'http://www.w3.org/2009/xmlenc11#';

const rsa = {};
/** XML Signature writes r and s side by side, not as DER. */
const ecdsa = { dsaEncoding: 'ieee-p1363' } as const;
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

export const SIGNATURE_METHODS: Readonly<Record<string, SignatureMethod>> = {
  [`${dsig}rsa-sha1`]: { name: 'rsa-sha1', hash: 'sha1', options: rsa, secondOpinion: true, weak: true },
  [`${more}rsa-sha256`]: { name: 'rsa-sha256', hash: 'sha256', options: rsa, secondOpinion: true },
  [`${more}rsa-sha384`]: { name: 'rsa-sha384', hash: 'sha384', options: rsa, secondOpinion: false },
  [`${more}rsa-sha512`]: { name: 'rsa-sha512', hash: 'sha512', options: rsa, secondOpinion: true },
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1': {
    name: 'rsa-pss-sha256',
    hash: 'sha256',
    options: pss,
    secondOpinion: true,
  },
  [`${more}ecdsa-sha256`]: { name: 'ecdsa-sha256', hash: 'sha256', options: ecdsa, secondOpinion: false },
  [`${more}ecdsa-sha384`]: { name: 'ecdsa-sha384', hash: 'sha384', options: ecdsa, secondOpinion: false },
  [`${more}ecdsa-sha512`]: { name: 'ecdsa-sha512', hash: 'sha512', options: ecdsa, secondOpinion: false },
};

export interface DigestMethod {
  readonly name: string;
  readonly secondOpinion: boolean;
  readonly weak?: true;
}
export const DIGEST_METHODS: Readonly<Record<string, DigestMethod>> = {
  [`${dsig}sha1`]: { name: 'sha1', secondOpinion: true, weak: true },
  [`${xmlenc}sha256`]: { name: 'sha256', secondOpinion: true },
  [`${more}sha384`]: { name: 'sha384', secondOpinion: false },
  [`${xmlenc}sha512`]: { name: 'sha512', secondOpinion: true },
};

export interface BlockCipher {
  readonly name: string;
  /** For node:crypto. */
  readonly cipher: string;
  readonly keyBytes: number;
  readonly ivBytes: number;
  readonly authenticated: boolean;
}
const cbc = (bits: number): BlockCipher => ({
  name: `aes${bits}-cbc`,
  cipher: `aes-${bits}-cbc`,
  keyBytes: bits / 8,
  ivBytes: 16,
  authenticated: false,
});
const gcm = (bits: number): BlockCipher => ({
  name: `aes${bits}-gcm`,
  cipher: `aes-${bits}-gcm`,
  keyBytes: bits / 8,
  ivBytes: 12,
  authenticated: true,
});
export const BLOCK_CIPHERS: Readonly<Record<string, BlockCipher>> = {
  [`${xmlenc}aes128-cbc`]: cbc(128),
  [`${xmlenc}aes192-cbc`]: cbc(192),
  [`${xmlenc}aes256-cbc`]: cbc(256),
  [`${xmlenc11}aes128-gcm`]: gcm(128),
  [`${xmlenc11}aes192-gcm`]: gcm(192),
  [`${xmlenc11}aes256-gcm`]: gcm(256),
};

export interface KeyTransport {
  readonly name: string;
  /** Digest and MGF1 where the message names none. */
  readonly mgf: 'sha1';
  /** Whether xenc11:MGF may choose another MGF1. */
  readonly freeMgf: boolean;
}
export const KEY_TRANSPORTS: Readonly<Record<string, KeyTransport>> = {
  [`${xmlenc}rsa-oaep-mgf1p`]: { name: 'rsa-oaep-mgf1p', mgf: 'sha1', freeMgf: false },
  [`${xmlenc11}rsa-oaep`]: { name: 'rsa-oaep', mgf: 'sha1', freeMgf: true },
};
export const MGFS: Readonly<Record<string, string>> = {
  [`${xmlenc11}mgf1sha1`]: 'sha1',
  [`${xmlenc11}mgf1sha256`]: 'sha256',
  [`${xmlenc11}mgf1sha384`]: 'sha384',
  [`${xmlenc11}mgf1sha512`]: 'sha512',
};

/** The entry, `undefined` for what is not listed; `__proto__` is not listed either. */
export const entry = <Row>(table: Readonly<Record<string, Row>>, uri: string | undefined): Row | undefined =>
  uri !== undefined && Object.hasOwn(table, uri) ? table[uri] : undefined;
