import type { Member } from './member.js';

export const REFRESH_TOKEN: readonly Member[] = [];
