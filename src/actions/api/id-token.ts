/** `api.idToken` (actions-api.md 4). */
import { customClaimOfLogin } from './custom-claim.js';
import type { Member } from './member.js';

export const ID_TOKEN: readonly Member[] = [customClaimOfLogin('idToken')];
