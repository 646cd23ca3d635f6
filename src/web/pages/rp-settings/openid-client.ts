import { javaScript } from '../sp-settings/literals.js';
import type { Application } from './application.js';

const AUTHENTICATION = {
  none: 'None()',
  client_secret_post: 'ClientSecretPost(process.env.CLIENT_SECRET)',
  client_secret_basic: 'ClientSecretBasic(process.env.CLIENT_SECRET)',
  private_key_jwt: 'PrivateKeyJwt(privateKey)',
} as const;

/** An ES module; openid-client 6. */
export function openidClient(of: Application): string {
  const isSigned = of.authMethod === 'private_key_jwt';
  return [
    "import * as client from 'openid-client';",
    ...(isSigned
      ? [
          "import { importPKCS8 } from 'jose';",
          "import { readFileSync } from 'node:fs';",
          '',
          "const privateKey = await importPKCS8(readFileSync('client.key.pem', 'utf8'), 'RS256');",
        ]
      : []),
    '',
    'export const config = await client.discovery(',
    `  new URL(${javaScript(of.provider.issuer)}),`,
    `  ${javaScript(of.clientId)},`,
    of.alg === 'RS256' ? '  undefined,' : `  { id_token_signed_response_alg: ${javaScript(of.alg)} },`,
    `  client.${AUTHENTICATION[of.authMethod]},`,
    ...(of.isSecure ? [] : ['  { execute: [client.allowInsecureRequests] },']),
    ');',
    '',
    '// for client.buildAuthorizationUrl(config, { ...parameters, code_challenge, code_challenge_method: "S256", state })',
    'export const parameters = {',
    `  redirect_uri: ${javaScript(of.redirectUri)},`,
    `  scope: ${javaScript(of.scope)},`,
    '};',
    '',
  ].join('\n');
}
