/** What an application does with auth0/legacy; run in a process that trusts the server (see trusting-process.ts). */
import { AuthenticationClient, UserInfoClient, type TokenSet } from 'auth0/legacy';

export type Options = ConstructorParameters<typeof AuthenticationClient>[0];
type OAuth = AuthenticationClient['oauth'];
type Given<Name extends keyof OAuth> = OAuth[Name] extends (...given: infer All) => unknown ? All : never;

let client: AuthenticationClient;
let domain: string;
export function begin(options: Options): void {
  client = new AuthenticationClient({ ...options });
  ({ domain } = options);
}

/** A new token set; the ID token in it was checked. */
export const code = async (...given: Given<'authorizationCodeGrant'>): Promise<TokenSet> =>
  (await client.oauth.authorizationCodeGrant(...given)).data;
export const codeWithPkce = async (...given: Given<'authorizationCodeGrantWithPKCE'>): Promise<TokenSet> =>
  (await client.oauth.authorizationCodeGrantWithPKCE(...given)).data;
export const clientCredentials = async (...given: Given<'clientCredentialsGrant'>): Promise<TokenSet> =>
  (await client.oauth.clientCredentialsGrant(...given)).data;
export const password = async (...given: Given<'passwordGrant'>): Promise<TokenSet> =>
  (await client.oauth.passwordGrant(...given)).data;
export const refresh = async (...given: Given<'refreshTokenGrant'>): Promise<TokenSet> =>
  (await client.oauth.refreshTokenGrant(...given)).data;
export const push = async (...given: Given<'pushedAuthorization'>): Promise<object> =>
  (await client.oauth.pushedAuthorization(...given)).data;
export const revoke = async (token: string): Promise<number> =>
  (await client.oauth.revokeRefreshToken({ token })).status;
export const userInfo = async (accessToken: string): Promise<object> =>
  (await new UserInfoClient({ domain }).getUserInfo(accessToken)).data;
