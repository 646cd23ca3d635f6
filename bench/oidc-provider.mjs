/** npm oidc-provider on its in-memory store, to be measured beside Mintmark: the same grants, the same API, the same key size. */
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'bench' };
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(url, {
    jwks: { keys: [jwk] },
    clients: [
      {
        client_id: 'machine',
        client_secret: 'a secret of the machine, long enough',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'client_secret_post',
      },
      {
        client_id: 'app',
        client_secret: 'a secret of the machine, long enough',
        grant_types: ['authorization_code'],
        redirect_uris: ['https://app.example.test/callback'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: ({ oidc }) =>
          oidc.client.clientId === 'machine' ? 'https://api.example.test' : undefined,
        getResourceServerInfo: () => ({
          scope: 'read:things',
          audience: 'https://api.example.test',
          accessTokenTTL: 86_400,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  const answer = provider.callback();
  server.on('request', (request, response) =>
    request.url.startsWith('/codes?')
      ? void codes(provider, Number(request.url.slice('/codes?'.length))).then((made) =>
          response.end(JSON.stringify(made)),
        )
      : answer(request, response),
  );
  process.stdout.write(`${url}\n`);
});

/** As its /authorize would leave them, without the pages on the way. */
async function codes(provider, count) {
  const client = await provider.Client.find('app');
  const grant = new provider.Grant({ accountId: 'alice', clientId: 'app' });
  grant.addOIDCScope('openid');
  const grantId = await grant.save();
  return Promise.all(
    Array.from({ length: count }, () =>
      new provider.AuthorizationCode({
        accountId: 'alice',
        authTime: Math.floor(Date.now() / 1000),
        client,
        claims: {},
        grantId,
        gty: 'authorization_code',
        redirectUri: 'https://app.example.test/callback',
        scope: 'openid',
      }).save(),
    ),
  );
}
