/** The ManagementClient of node-auth0, called by path: in a process that trusts the server (see trusting-process.ts). */
import { ManagementClient } from 'auth0';

let client: ManagementClient;
export function begin(options: ConstructorParameters<typeof ManagementClient>[0]): void {
  client = new ManagementClient({ ...options, maxRetries: 0 });
}

type Calls = Readonly<Record<string, unknown>>;
type Method = (this: unknown, ...given: readonly unknown[]) => Promise<unknown>;

/** `ask('roles.permissions.list', id)` is `client.roles.permissions.list(id)`. */
export async function ask(path: string, ...given: readonly unknown[]): Promise<unknown> {
  const names = path.split('.');
  const name = names.pop()!;
  const owner = names.reduce((calls: Calls, part) => calls[part] as Calls, client as unknown as Calls);
  return (await (owner[name] as Method).call(owner, ...given)) ?? null;
}

/** Every item of every page, as `for await` yields them. */
export async function all(path: string, ...given: readonly unknown[]): Promise<readonly unknown[]> {
  const items: unknown[] = [];
  const names = path.split('.');
  const name = names.pop()!;
  const owner = names.reduce((calls: Calls, part) => calls[part] as Calls, client as unknown as Calls);
  for await (const item of (await (owner[name] as Method).call(owner, ...given)) as AsyncIterable<unknown>)
    items.push(item);
  return items;
}
