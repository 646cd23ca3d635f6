import { javaScript } from '../sp-settings/literals.js';
import { hasSecret, type Application } from './application.js';

/** An ES module; express-openid-connect 3. By codes, since over http a browser leaves cookies out of what another site posts. */
export function expressOpenidConnect(of: Application): string {
  const isSigned = of.authMethod === 'private_key_jwt';
  return [
    "import { auth } from 'express-openid-connect';",
    ...(isSigned ? ["import { readFileSync } from 'node:fs';"] : []),
    '',
    '// app.use(middleware)',
    'export const middleware = auth({',
    `  issuerBaseURL: ${javaScript(of.provider.issuer)},`,
    `  baseURL: ${javaScript(of.web!.origin)},`,
    `  clientID: ${javaScript(of.clientId)},`,
    ...(hasSecret(of) ? ['  clientSecret: process.env.CLIENT_SECRET,'] : []),
    ...(isSigned
      ? [
          "  clientAssertionSigningKey: readFileSync('client.key.pem', 'utf8'),",
          "  clientAssertionSigningAlg: 'RS256',",
        ]
      : [`  clientAuthMethod: ${javaScript(of.authMethod)},`]),
    '  // at least 32 characters of your own, which cookies are sealed with',
    '  secret: process.env.SESSION_SECRET,',
    ...(of.alg === 'RS256' ? [] : [`  idTokenSigningAlg: ${javaScript(of.alg)},`]),
    '  authRequired: false,',
    '  idpLogout: true,',
    `  routes: { callback: ${javaScript(of.web!.path)} },`,
    `  authorizationParams: { response_type: 'code', scope: ${javaScript(of.scope)} },`,
    '});',
    '',
  ].join('\n');
}
