/** The triggers: each is one row. Which handlers its Actions export, and which members their `api` has. */
import type { TriggerId } from '../tenant/action.js';
import type { Member } from './api/member.js';
import { ACCESS, ACCESS_OF_EXCHANGE } from './api/access.js';
import { ACCESS_TOKEN, ACCESS_TOKEN_OF_EXCHANGE } from './api/access-token.js';
import { AUTHENTICATION } from './api/authentication.js';
import { CACHE } from './api/cache.js';
import { GROUPS } from './api/groups.js';
import { ID_TOKEN } from './api/id-token.js';
import { MULTIFACTOR } from './api/multifactor.js';
import { PROMPT } from './api/prompt.js';
import { REDIRECT } from './api/redirect.js';
import { REFRESH_TOKEN } from './api/refresh-token.js';
import { ROLES } from './api/roles.js';
import { RULES } from './api/rules.js';
import { SAML_RESPONSE } from './api/saml-response.js';
import { SESSION } from './api/session.js';
import { TRANSACTION, TRANSACTION_OF_EXCHANGE } from './api/transaction.js';
import { USER } from './api/user.js';
import { VALIDATION } from './api/validation.js';

export interface Trigger {
  readonly id: TriggerId;
  /** As Auth0's API lists it. */
  readonly version: string;
  readonly displayName: string;
  /** What every Action exports. */
  readonly handler: string;
  /** What an Action exports that sends the user away; `null` where nobody can be sent. */
  readonly resumeHandler: string | null;
  readonly members: readonly Member[];
}

export const TRIGGERS: Readonly<Record<TriggerId, Trigger>> = {
  'post-login': {
    id: 'post-login',
    version: 'v3',
    displayName: 'Post Login',
    handler: 'onExecutePostLogin',
    resumeHandler: 'onContinuePostLogin',
    members: [
      ...ACCESS,
      ...ACCESS_TOKEN,
      ...AUTHENTICATION,
      ...CACHE,
      ...GROUPS,
      ...ID_TOKEN,
      ...MULTIFACTOR,
      ...PROMPT,
      ...REDIRECT,
      ...REFRESH_TOKEN,
      ...ROLES,
      ...RULES,
      ...SAML_RESPONSE,
      ...SESSION,
      ...TRANSACTION,
      ...USER,
      ...VALIDATION,
    ],
  },
  'credentials-exchange': {
    id: 'credentials-exchange',
    version: 'v2',
    displayName: 'Client Credentials Exchange',
    handler: 'onExecuteCredentialsExchange',
    resumeHandler: null,
    members: [...ACCESS_OF_EXCHANGE, ...ACCESS_TOKEN_OF_EXCHANGE, ...CACHE, ...TRANSACTION_OF_EXCHANGE],
  },
};
