/** `api.rules`: Mintmark has no Rules, so none has run (actions-api.md 5). */
import { stringArgument } from './argument-errors.js';
import { getter, type Member } from './member.js';

export const RULES: readonly Member[] = [
  getter('rules.wasExecuted', (_, [ruleId]) => {
    stringArgument('ruleId', ruleId);
    return false;
  }),
];
