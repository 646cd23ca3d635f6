import type { Member } from './member.js';

export const REDIRECT: readonly Member[] = [];
