import type { Member } from './member.js';

export const ID_TOKEN: readonly Member[] = [];
