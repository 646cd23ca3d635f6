import type { Member } from './member.js';

export const MULTIFACTOR: readonly Member[] = [];
