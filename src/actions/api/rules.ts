import type { Member } from './member.js';

export const RULES: readonly Member[] = [];
