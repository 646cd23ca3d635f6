import type { Member } from './member.js';

export const USER: readonly Member[] = [];
