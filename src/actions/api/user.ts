/**
 * `api.user`: metadata by top-level name (actions-api.md 8). Written to the profile once, when the trigger ends or the user is sent away;
 * later Actions see it, the calling one does not.
 */
import type { Effects } from '../../tenant/effects.js';
import { nameArgument } from './argument-errors.js';
import { isObject } from './arguments.js';
import { setter, type Member } from './member.js';
import { jsonBytes, plainJson, put, withMember } from './plain-json.js';

/** Of what is written in one transaction, of either kind. */
const MOST_BYTES = 32 * 1024;

const metadataSetter = (
  name: string,
  field: 'user_metadata' | 'app_metadata',
  pendingOf: (draft: Effects) => Record<string, unknown>,
): Member =>
  setter(
    name,
    ({ event, draft }, [key, value]) => {
      const metadataName = nameArgument('name', key);
      const stored = event.user?.[field];
      if (stored !== undefined && !isObject(stored))
        throw new Error(
          `${field} of this user is no object, so no member of it can be set; make it an object first`,
        );
      const pending = pendingOf(draft);
      const json = plainJson(value);
      // JSON leaves it out, so the profile is left as it is.
      if (json === undefined) {
        delete pending[metadataName];
        return;
      }
      const bytes = jsonBytes(withMember<unknown>(pending, metadataName, json));
      if (bytes > MOST_BYTES)
        throw new Error(
          `${field} must NOT have more than ${MOST_BYTES} bytes of JSON written in one login; with ${JSON.stringify(metadataName.slice(0, 64))} it would be ${bytes}`,
        );
      put(pending, metadataName, json);
    },
    { sets: ([key]) => (typeof key === 'string' ? `user.${field}.${key}` : null) },
  );

export const USER: readonly Member[] = [
  metadataSetter('user.setAppMetadata', 'app_metadata', ({ user }) => user.appMetadata),
  metadataSetter('user.setUserMetadata', 'user_metadata', ({ user }) => user.userMetadata),
];
