import type { Member } from './member.js';

export const GROUPS: readonly Member[] = [];
