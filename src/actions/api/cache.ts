import type { Member } from './member.js';

export const CACHE: readonly Member[] = [];
