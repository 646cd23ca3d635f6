import type { Member } from './member.js';

export const VALIDATION: readonly Member[] = [];
