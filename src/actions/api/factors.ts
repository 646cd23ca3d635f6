/** Authentication factors as `challengeWith*` and `enrollWith*` take them (actions-api.md 5). */
import { booleanOf, isObject, listed, objectOf, optionsOf, shown, wordOf, type Fields } from './arguments.js';

export type FactorCommand = 'challenge' | 'enroll';
export interface Factor {
  readonly type: FactorType;
  readonly options?: Fields;
}

type OptionCheck = (name: string, value: unknown) => unknown;

/** One row a factor: with which commands it goes, and its options. */
const FACTORS = {
  otp: { commands: ['challenge', 'enroll'], options: {} },
  email: { commands: ['challenge'], options: {} },
  'push-notification': { commands: ['challenge', 'enroll'], options: { otpFallback: booleanOf } },
  phone: {
    commands: ['challenge', 'enroll'],
    options: { preferredMethod: (name, value) => wordOf(name, value, ['sms', 'voice', 'both']) },
  },
  'webauthn-platform': { commands: ['challenge', 'enroll'], options: {} },
  'webauthn-roaming': { commands: ['challenge', 'enroll'], options: {} },
  'recovery-code': { commands: ['challenge', 'enroll'], options: {} },
} as const satisfies Record<
  string,
  { readonly commands: readonly FactorCommand[]; readonly options: Readonly<Record<string, OptionCheck>> }
>;
type FactorType = keyof typeof FACTORS;

const TYPES = Object.keys(FACTORS) as readonly FactorType[];
const typesFor = (command: FactorCommand): readonly FactorType[] =>
  TYPES.filter((type) => (FACTORS[type].commands as readonly FactorCommand[]).includes(command));

function optionsOfFactor(name: string, type: FactorType, given: unknown): Fields {
  const checks: Readonly<Record<string, OptionCheck>> = FACTORS[type].options;
  const known = Object.keys(checks);
  if (known.length === 0 && isObject(given) && Object.keys(given).length > 0)
    throw new Error(
      `${name} must NOT have additional properties: a factor of type ${shown(type)} has no options`,
    );
  const options = Object.entries(optionsOf(name, given, known)).filter(([, value]) => value !== undefined);
  return Object.fromEntries(options.map(([key, value]) => [key, checks[key]?.(`${name}.${key}`, value)]));
}

/** One factor; `push` is an older name of `push-notification`. `name` is what messages call it. */
export function factorOf(command: FactorCommand, name: string, value: unknown): Factor {
  const factor = optionsOf(name, objectOf(name, value), ['type', 'options']);
  const given = factor['type'] === 'push' ? 'push-notification' : factor['type'];
  const allowed = typesFor(command);
  if (command === 'enroll' && given === 'email')
    throw new Error(
      `${name}.type must be ${listed(allowed)}: nobody can enroll with "email", it is only for challenges`,
    );
  const type = wordOf(`${name}.type`, given, allowed);
  const options = optionsOfFactor(`${name}.options`, type, factor['options']);
  return Object.keys(options).length === 0 ? { type } : { type, options };
}

export function factorsOf(command: FactorCommand, name: string, value: unknown): readonly Factor[] {
  if (!Array.isArray(value))
    throw new TypeError(`${name} must be array of factors, such as [{ type: 'otp' }]`);
  return value.map((item: unknown, index) => factorOf(command, `${name}[${index}]`, item));
}
