/** Auth0's own SDKs, which know a tenant by its domain. */
import { javaScript } from '../sp-settings/literals.js';
import type { Application } from './application.js';

/** Of those that put https before the domain, whatever it is. */
const httpsOnly = ({ isSecure }: Application): string[] =>
  isSecure ? [] : ['// This SDK speaks https only: start Mintmark with MINTMARK_TLS=self.'];

/** An ES module for the browser; auth0-spa-js 2. */
export const auth0Spa = (of: Application): string =>
  [
    "import { Auth0Client } from '@auth0/auth0-spa-js';",
    '',
    'export const auth0 = new Auth0Client({',
    // with its scheme it is taken as it is
    `  domain: ${javaScript(of.provider.issuer.replace(/\/$/, ''))},`,
    `  clientId: ${javaScript(of.clientId)},`,
    ...(of.scope.includes('offline_access')
      ? ['  useRefreshTokens: true,', "  cacheLocation: 'localstorage',"]
      : []),
    `  authorizationParams: { redirect_uri: ${javaScript(of.redirectUri)} },`,
    '});',
    '',
  ].join('\n');

/** An ES module; auth0-auth-js 1. */
export const auth0AuthJs = (of: Application): string =>
  [
    ...httpsOnly(of),
    "import { AuthClient } from '@auth0/auth0-auth-js';",
    ...(of.authMethod === 'private_key_jwt' ? ["import { readFileSync } from 'node:fs';"] : []),
    '',
    'export const authClient = new AuthClient({',
    `  domain: ${javaScript(of.domain)},`,
    `  clientId: ${javaScript(of.clientId)},`,
    ...(of.authMethod === 'private_key_jwt'
      ? ["  clientAssertionSigningKey: readFileSync('client.key.pem', 'utf8'),"]
      : ['  clientSecret: process.env.CLIENT_SECRET,']),
    '  authorizationParams: {',
    `    redirect_uri: ${javaScript(of.redirectUri)},`,
    `    scope: ${javaScript(of.scope)},`,
    '  },',
    '});',
    '',
  ].join('\n');

/** An ES module; passport-auth0 1. */
export const passportAuth0 = (of: Application): string =>
  [
    ...httpsOnly(of),
    "import passport from 'passport';",
    "import Auth0Strategy from 'passport-auth0';",
    '',
    '// passport.authenticate("auth0", { scope: … }); express-session must be there before it',
    'export const strategy = new Auth0Strategy(',
    '  {',
    `    domain: ${javaScript(of.domain)},`,
    `    clientID: ${javaScript(of.clientId)},`,
    '    clientSecret: process.env.CLIENT_SECRET,',
    `    callbackURL: ${javaScript(of.redirectUri)},`,
    `    scope: ${javaScript(of.scope)},`,
    '  },',
    '  (accessToken, refreshToken, extraParams, profile, done) => done(null, profile),',
    ');',
    'passport.use(strategy);',
    '',
  ].join('\n');

const NEXT_CALLBACK = '/auth/callback';

/** nextjs-auth0 4: `.env.local`. What is printed in it is of our own alphabet. */
export const nextjsAuth0Environment = (of: Application): string =>
  [
    ...(of.isSecure ? [] : ['# This SDK speaks https only: start Mintmark with MINTMARK_TLS=self.']),
    ...(of.web!.path === NEXT_CALLBACK
      ? []
      : [
          `# Its callback is ${of.web!.origin}${NEXT_CALLBACK}: the client must list that URL among its callbacks.`,
        ]),
    `AUTH0_DOMAIN=${of.domain}`,
    `AUTH0_CLIENT_ID=${of.clientId}`,
    ...(of.authMethod === 'private_key_jwt'
      ? ['# in one line, with \\n for line breaks', 'AUTH0_CLIENT_ASSERTION_SIGNING_KEY=']
      : ['# the secret of the client', 'AUTH0_CLIENT_SECRET=']),
    '# openssl rand -hex 32',
    'AUTH0_SECRET=',
    `APP_BASE_URL=${of.web!.origin}`,
    '',
  ].join('\n');

export const nextjsAuth0 = (of: Application): string =>
  [
    "import { Auth0Client } from '@auth0/nextjs-auth0/server';",
    '',
    'export const auth0 = new Auth0Client({',
    `  authorizationParameters: { scope: ${javaScript(of.scope)} },`,
    '});',
    '',
  ].join('\n');
