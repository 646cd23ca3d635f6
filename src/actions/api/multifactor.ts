/** `api.multifactor`: a challenge after the last Action (actions-api.md 5). */
import { booleanOf, objectOf, optionsOf, textOf, wordOf, type Fields } from './arguments.js';
import { setter, type ApiRun, type Member } from './member.js';

const PROVIDERS = ['any', 'duo', 'google-authenticator', 'guardian', 'none'] as const;
const DUO_REQUIRED = ['host', 'ikey', 'skey'] as const;

/** What is kept of Duo's options: all but `skey`, the account's secret. */
function duoOptionsOf(value: unknown): Fields {
  const name = 'options.providerOptions';
  const given = optionsOf(name, objectOf(name, value), [...DUO_REQUIRED, 'username']);
  for (const key of DUO_REQUIRED) textOf(`${name}.${key}`, given[key]);
  const { host, ikey, username } = given;
  return username === undefined
    ? { host, ikey }
    : { host, ikey, username: textOf(`${name}.username`, username) };
}

function optionsFor(provider: string, value: unknown): Fields | null {
  if (value === undefined || value === null) return null;
  const { allowRememberBrowser, providerOptions } = optionsOf('options', value, [
    'allowRememberBrowser',
    'providerOptions',
  ]);
  if (providerOptions !== undefined && provider !== 'duo')
    throw new Error(`options.providerOptions is for the provider duo only; ${provider} has none`);
  return {
    ...(allowRememberBrowser !== undefined && {
      allowRememberBrowser: booleanOf('options.allowRememberBrowser', allowRememberBrowser),
    }),
    ...(providerOptions !== undefined && { providerOptions: duoOptionsOf(providerOptions) }),
  };
}

/** The last call wins, and `none` takes an earlier one back. */
function enable({ draft }: ApiRun, [given, more]: readonly unknown[]): void {
  const provider = wordOf('provider', given, PROVIDERS);
  const options = optionsFor(provider, more);
  draft.multifactor = provider === 'none' ? null : { provider, options };
}

export const MULTIFACTOR: readonly Member[] = [
  setter('multifactor.enable', enable, { secretArguments: ['1.providerOptions.skey'] }),
];
