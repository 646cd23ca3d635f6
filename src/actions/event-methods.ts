/** `event.authentication.methods`: how the user proved who they are. */
import type { EventFacts } from './event-facts.js';
import { providerOf } from './event-user.js';
import type { JsonObject } from './merged.js';

interface Recorded {
  readonly name: string;
  readonly url: string;
  readonly timestamp: string;
}

/**
 * The login itself, then what Actions of earlier logins recorded in the session. Whoever comes by a password is told so (`pwd`), and
 * whoever is known elsewhere comes from there (`federated`). By one click, `auto_login` or REST nobody proved anything: `mock`.
 */
export const eventMethods = (facts: EventFacts): readonly JsonObject[] => [
  { name: methodOf(facts), timestamp: facts.transaction.authenticatedAt ?? facts.transaction.createdAt },
  ...(facts.session?.details?.methods ?? []).map(shownMethod),
];

/** Auth0's text says `name`, its samples read `url`. */
export const shownMethod = ({ name, url, timestamp }: Recorded): JsonObject => ({ name, url, timestamp });

function methodOf({ transaction: { timeline, user, exchanged } }: EventFacts): 'pwd' | 'federated' | 'mock' {
  const otherwise = exchanged ? 'session' : 'rest';
  const by = timeline.findLast(({ name }) => name === 'user.authenticated')?.detail?.['by'] ?? otherwise;
  if (by === 'password') return 'pwd';
  if (providerOf(user) !== 'auth0') return 'federated';
  // the session does not keep how it began; a database user's begins by a password
  return by === 'session' ? 'pwd' : 'mock';
}
