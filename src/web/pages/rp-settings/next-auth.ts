import { javaScript } from '../sp-settings/literals.js';
import type { Application } from './application.js';

const CALLBACK = '/api/auth/callback/mintmark';

/** An ES module; Auth.js, which is next-auth 5. */
export const nextAuth = (of: Application): string =>
  [
    ...(of.web!.path === CALLBACK
      ? []
      : [
          `// Its callback is ${of.web!.origin}${CALLBACK}: the client must list that URL among its callbacks.`,
        ]),
    "import NextAuth from 'next-auth';",
    '',
    'export const { handlers, auth, signIn, signOut } = NextAuth({',
    '  providers: [',
    '    {',
    "      id: 'mintmark',",
    "      name: 'Mintmark',",
    "      type: 'oidc',",
    `      issuer: ${javaScript(of.provider.issuer)},`,
    `      clientId: ${javaScript(of.clientId)},`,
    '      clientSecret: process.env.CLIENT_SECRET,',
    `      client: { token_endpoint_auth_method: ${javaScript(of.authMethod)}${of.alg === 'RS256' ? '' : `, id_token_signed_response_alg: ${javaScript(of.alg)}`} },`,
    `      authorization: { params: { scope: ${javaScript(of.scope)} } },`,
    '    },',
    '  ],',
    '});',
    '',
  ].join('\n');
