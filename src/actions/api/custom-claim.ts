/** `setCustomClaim` of either token (actions-api.md 4). Which names reach the token is decided when it is made; `scope` alone throws here. */
import { refuseScopeClaim, type TokenName } from '../../protocol/jwt/restricted-claims.js';
import { MintmarkError } from '../../protocol/mintmark-error.js';
import { stringArgument } from './argument-errors.js';
import { setter, type ApiRun, type Member } from './member.js';
import { plainJson, put } from './plain-json.js';

type Layer = 'idToken' | 'accessToken';

/** The last value of a key wins; one that JSON leaves out (`undefined`, a function) takes the claim away. */
function setCustomClaim({ draft }: ApiRun, layer: Layer, key: string, value: unknown): void {
  const { customClaims } = draft[layer];
  const json = plainJson(value);
  if (json === undefined) delete customClaims[key];
  else put(customClaims, key, json);
}

const TOKENS: Readonly<Record<Layer, TokenName>> = { idToken: 'id_token', accessToken: 'access_token' };

/** The author gets a plain Error: the class is Mintmark's own business. */
function refuseScope(layer: Layer, key: string): void {
  try {
    refuseScopeClaim(TOKENS[layer], key);
  } catch (error) {
    throw error instanceof MintmarkError ? new Error(error.description) : error;
  }
}

const sets = (layer: Layer): Pick<Member, 'sets'> => ({
  sets: ([key]) => (typeof key === 'string' ? `${layer}.${key}` : null),
});

export const customClaimOfLogin = (layer: Layer): Member =>
  setter(
    `${layer}.setCustomClaim`,
    (run, [key, value]) => {
      const name = stringArgument('key', key);
      refuseScope(layer, name);
      setCustomClaim(run, layer, name, value);
    },
    sets(layer),
  );

/** Takes `scope` too, as Auth0 does: nothing throws at the call (actions-api.md 13). */
export const customClaimOfExchange: Member = setter(
  'accessToken.setCustomClaim',
  (run, [key, value]) => setCustomClaim(run, 'accessToken', stringArgument('key', key), value),
  sets('accessToken'),
);
