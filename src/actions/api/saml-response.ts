import type { Member } from './member.js';

export const SAML_RESPONSE: readonly Member[] = [];
