import type { Member } from './member.js';

export const PROMPT: readonly Member[] = [];
