import type { Member } from './member.js';

export const AUTHENTICATION: readonly Member[] = [];
