/** `event.client`, and the scopes that it asks for. */
import type { EventFacts } from './event-facts.js';
import type { JsonObject } from './merged.js';

/** One that was deleted meanwhile is left its id. */
export function eventClient({ client, transaction }: EventFacts): JsonObject {
  const id = client?.client_id ?? transaction.clientId ?? '';
  return { client_id: id, name: client?.name ?? id, metadata: client?.client_metadata ?? {} };
}

export const scopesIn = (scope: string): readonly string[] => scope.split(' ').filter((name) => name !== '');
