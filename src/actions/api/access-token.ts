import type { Member } from './member.js';

export const ACCESS_TOKEN: readonly Member[] = [];
export const ACCESS_TOKEN_OF_EXCHANGE: readonly Member[] = [];
