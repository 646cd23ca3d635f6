import { hash } from 'node:crypto';

/**
 * What a text is looked up by that may hold what no column does (U+0000) and be longer than an index entry of PostgreSQL.
 * JSON escapes keep apart what UTF-8 would not.
 */
export const lookupDigest = (text: string): string => hash('sha256', JSON.stringify(text), 'base64url');
