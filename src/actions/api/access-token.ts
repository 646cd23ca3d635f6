/** `api.accessToken` (actions-api.md 4, 13). Whether an added scope exists on the API is not asked. */
import { customClaimOfExchange, customClaimOfLogin } from './custom-claim.js';
import { setter, type ApiRun, type Member } from './member.js';
import { put } from './plain-json.js';
import { scopeArgument, scopeSource } from './scope-argument.js';

const MOST_ADDS = 1000;
const MOST_CALLS = 2000;

/** `true` adds it, `false` takes it away; the last call of a scope wins, every call counts. */
function changeScope({ draft }: ApiRun, argument: unknown, wanted: boolean): void {
  const { scopes, scopeCalls } = draft.accessToken;
  const scope = scopeArgument(argument);
  if (wanted && scopeCalls.adds >= MOST_ADDS)
    throw new Error(`scopes must NOT be added more than ${MOST_ADDS} times in a transaction`);
  if (scopeCalls.all >= MOST_CALLS)
    throw new Error(`scopes must NOT be added or removed more than ${MOST_CALLS} times in a transaction`);
  put(scopes, scope, wanted);
  scopeCalls.all += 1;
  if (wanted) scopeCalls.adds += 1;
}

const sets = ([scope]: readonly unknown[]): string | null => scopeSource(scope);

export const ACCESS_TOKEN: readonly Member[] = [
  customClaimOfLogin('accessToken'),
  setter('accessToken.addScope', (run, [scope]) => changeScope(run, scope, true), { sets }),
  setter('accessToken.removeScope', (run, [scope]) => changeScope(run, scope, false), { sets }),
];

export const ACCESS_TOKEN_OF_EXCHANGE: readonly Member[] = [customClaimOfExchange];
