/** All that is known of an algorithm is one entry; the code below receives the entry, never the name (saml-output.md 11, 12.2). */

export interface SignatureAlgorithm {
  /** SignatureMethod/@Algorithm. */
  readonly uri: string;
  /** For node:crypto. */
  readonly hash: string;
}
export const SIGNATURE_ALGORITHMS = {
  'rsa-sha256': { uri: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', hash: 'sha256' },
  'rsa-sha1': { uri: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1', hash: 'sha1' },
} as const satisfies Record<string, SignatureAlgorithm>;

export interface DigestAlgorithm {
  /** DigestMethod/@Algorithm. */
  readonly uri: string;
  readonly hash: string;
}
export const DIGEST_ALGORITHMS = {
  sha256: { uri: 'http://www.w3.org/2001/04/xmlenc#sha256', hash: 'sha256' },
  sha1: { uri: 'http://www.w3.org/2000/09/xmldsig#sha1', hash: 'sha1' },
} as const satisfies Record<string, DigestAlgorithm>;

export interface BlockCipher {
  /** EncryptedData/EncryptionMethod/@Algorithm. */
  readonly uri: string;
  /** For node:crypto. */
  readonly cipher: 'aes-256-gcm' | 'aes-256-cbc';
  readonly keyBytes: 32;
  readonly ivBytes: 12 | 16;
}
export const BLOCK_CIPHERS = {
  'aes256-gcm': {
    uri: 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
    cipher: 'aes-256-gcm',
    keyBytes: 32,
    ivBytes: 12,
  },
  'aes256-cbc': {
    uri: 'http://www.w3.org/2001/04/xmlenc#aes256-cbc',
    cipher: 'aes-256-cbc',
    keyBytes: 32,
    ivBytes: 16,
  },
} as const satisfies Record<string, BlockCipher>;

/** XML Encryption 5.5.2: OAEP whose MGF1 is fixed to SHA-1; the DigestMethod inside names the label hash, SHA-1 too. */
export const RSA_OAEP_MGF1P = 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p';
