import type { Member } from './member.js';

export const ACCESS: readonly Member[] = [];
export const ACCESS_OF_EXCHANGE: readonly Member[] = [];
