import type { Member } from './member.js';

export const ROLES: readonly Member[] = [];
