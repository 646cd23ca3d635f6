/** What PATCH means for every resource: a member that is given replaces what is kept, `null` takes it away, an absent one stays. */
import { z } from 'zod';

export type Patch<Value> = { readonly [Name in keyof Value]?: Value[Name] | null | undefined };

/**
 * The schema of a PATCH over the members of a resource. None has its default: that would overwrite what is kept.
 * A member that must always be there takes no `null`.
 */
export function patchSchema<Members extends z.core.$ZodShape>(
  members: Members,
): z.ZodType<Patch<z.output<z.ZodObject<Members>>>> {
  const shape = Object.entries(members).map(([name, member]) => {
    let inner = member;
    while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional) inner = inner.unwrap();
    return [name, z.optional(inner === member ? inner : z.nullable(inner))] as const;
  });
  return z.strictObject(Object.fromEntries(shape)) as never;
}

/** `kept` with the patch laid over it, member by member. */
export function patched<Value extends object>(kept: Value, patch: Patch<Value>): Value {
  const members = new Map(Object.entries(kept));
  for (const [name, value] of Object.entries(patch))
    if (value === null) members.delete(name);
    else if (value !== undefined) members.set(name, value);
  return Object.fromEntries(members) as Value;
}
