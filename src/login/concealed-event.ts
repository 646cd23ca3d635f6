import { SECRET } from '../tenant/secret.js';

/** `event.secrets` holds the secrets of an Action; the others come in the body of a token request. */
const SECRET_MEMBERS: ReadonlySet<string> = new Set(['password', 'client_secret', 'client_assertion']);
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** An `event` as it may be shown: its names stay, what is secret in it does not. */
export function concealedEvent(event: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const shown = concealed(event) as Record<string, unknown>;
  return 'secrets' in event ? { ...shown, secrets: concealedWhole(event['secrets']) } : shown;
}

function concealed(value: unknown): unknown {
  if (typeof value === 'string') return PRIVATE_KEY.test(value) ? SECRET : value;
  return mapped(value, (member, name) => (SECRET_MEMBERS.has(name) ? SECRET : concealed(member)));
}

const concealedWhole = (secrets: unknown): unknown =>
  typeof secrets === 'object' && secrets !== null ? mapped(secrets, () => SECRET) : SECRET;

function mapped(value: unknown, show: (member: unknown, name: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((member) => show(member, ''));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, show(member, name)]));
}
