import { javaScript } from '../sp-settings/literals.js';
import type { Application } from './application.js';

/** An ES module; @notionhq/client 5. */
export function notionClient(of: Application): string {
  const { issuer } = of.provider;
  const query = new URLSearchParams({
    client_id: of.clientId,
    response_type: 'code',
    owner: 'user',
    redirect_uri: of.redirectUri,
  });
  return [
    "import { Client } from '@notionhq/client';",
    '',
    `export const notion = new Client({ baseUrl: ${javaScript(issuer.replace(/\/$/, ''))} });`,
    '',
    '// add a state of your own',
    `export const authorizationUrl = ${javaScript(`${issuer}v1/oauth/authorize?${query.toString()}`)};`,
    '',
    'export const tokensOf = (code) =>',
    '  notion.oauth.token({',
    `    client_id: ${javaScript(of.clientId)},`,
    '    client_secret: process.env.CLIENT_SECRET,',
    "    grant_type: 'authorization_code',",
    '    code,',
    `    redirect_uri: ${javaScript(of.redirectUri)},`,
    '  });',
    '',
  ].join('\n');
}
