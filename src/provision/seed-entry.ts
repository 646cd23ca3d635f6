/** How an entry of the seed takes the place of what is kept. */
import { isDeepStrictEqual } from 'node:util';
import { MintmarkError } from '../protocol/mintmark-error.js';
import { TenantError } from '../tenant/tenant-error.js';

export interface Entry<Value> {
  readonly value: Value;
  /** As the file gives it. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** What the file does not give, and so stays as it is kept. */
const STAYING = ['created_at', 'updated_at', 'client_secret', 'signing_secret'] as const;
/** What only the server writes, if at all. */
const WRITTEN_HERE = 'last_password_reset';

/** Yields what is kept itself where nothing changes. */
export function reseeded<Value extends { readonly updated_at: string }>(
  kept: Value,
  { body, value }: Entry<Value>,
): Value {
  const staying: string[] = STAYING.filter(
    (name) => body[name] === undefined && name in kept && name in value,
  );
  if (body[WRITTEN_HERE] === undefined && WRITTEN_HERE in kept) staying.push(WRITTEN_HERE);
  const next = {
    ...value,
    ...Object.fromEntries(staying.map((name) => [name, (kept as Record<string, unknown>)[name]])),
  };
  const isSame = isDeepStrictEqual(JSON.parse(JSON.stringify(next)), kept);
  return isSame ? kept : { ...next, updated_at: value.updated_at };
}

/** Names the entry in the error of what makes its value. */
export function ofEntry<Value>(entry: string, make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof MintmarkError)) throw error;
    throw new TenantError('seed_invalid', `${entry}: ${error.description}`, { cause: error });
  }
}
