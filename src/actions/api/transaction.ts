import type { Member } from './member.js';

export const TRANSACTION: readonly Member[] = [];
export const TRANSACTION_OF_EXCHANGE: readonly Member[] = [];
