import type { Member } from './member.js';

export const SESSION: readonly Member[] = [];
