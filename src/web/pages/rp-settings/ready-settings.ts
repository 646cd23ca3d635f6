/** Every product that settings are written for, and which applications it is for. */
import type { ReadySettings } from '../sp-settings/ready-settings.js';
import type { Application } from './application.js';
import { auth0AuthJs, auth0Spa, nextjsAuth0, nextjsAuth0Environment, passportAuth0 } from './auth0-sdks.js';
import { hasSecret } from './application.js';
import { expressOpenidConnect } from './express-openid-connect.js';
import { modAuthOpenidc } from './mod-auth-openidc.js';
import { nextAuth } from './next-auth.js';
import { notionClient } from './notion-client.js';
import { openidClient } from './openid-client.js';
import { springSecurity } from './spring-security.js';

interface Product {
  /** For programs, and in addresses. */
  readonly id: string;
  readonly title: string;
  readonly serves: (of: Application) => boolean;
  /** By file name. */
  readonly files: Readonly<Record<string, (of: Application) => string>>;
}

const isWebServer = (of: Application): boolean => of.web !== null;
const isConfidential = (of: Application): boolean => of.authMethod !== 'none';
const isWebServerWithSecret = (of: Application): boolean => isWebServer(of) && hasSecret(of);
/** Of these SDKs none knows the algorithms that Auth0 does not sign with. */
const isLikeAuth0 = (of: Application): boolean =>
  of.alg === 'RS256' && of.authMethod !== 'client_secret_basic';

const NOTION: Product = {
  id: 'notionhq-client',
  title: '@notionhq/client',
  serves: () => true,
  files: { 'notion.mjs': notionClient },
};
const PRODUCTS: readonly Product[] = [
  { id: 'openid-client', title: 'openid-client', serves: () => true, files: { 'oidc.mjs': openidClient } },
  {
    id: 'express-openid-connect',
    title: 'express-openid-connect',
    serves: (of) => isWebServer(of) && isConfidential(of),
    files: { 'auth.mjs': expressOpenidConnect },
  },
  {
    id: 'auth0-spa-js',
    title: '@auth0/auth0-spa-js',
    serves: (of) => isWebServer(of) && of.authMethod === 'none' && isLikeAuth0(of),
    files: { 'auth0.mjs': auth0Spa },
  },
  {
    id: 'auth0-auth-js',
    title: '@auth0/auth0-auth-js',
    serves: (of) => isConfidential(of) && isLikeAuth0(of),
    files: { 'auth0.mjs': auth0AuthJs },
  },
  {
    id: 'passport-auth0',
    title: 'passport-auth0',
    serves: (of) => isWebServerWithSecret(of) && isLikeAuth0(of),
    files: { 'passport.mjs': passportAuth0 },
  },
  {
    id: 'nextjs-auth0',
    title: '@auth0/nextjs-auth0',
    serves: (of) => isWebServer(of) && isConfidential(of) && isLikeAuth0(of),
    files: { '.env.local': nextjsAuth0Environment, 'lib/auth0.js': nextjsAuth0 },
  },
  {
    id: 'next-auth',
    title: 'Auth.js (next-auth)',
    serves: isWebServerWithSecret,
    files: { 'auth.js': nextAuth },
  },
  {
    id: 'mod_auth_openidc',
    title: 'mod_auth_openidc',
    serves: (of) => isWebServerWithSecret(of) || (isWebServer(of) && of.authMethod === 'none'),
    files: { 'openidc.conf': modAuthOpenidc },
  },
  {
    id: 'spring-security',
    title: 'Spring Security',
    serves: (of) => isWebServer(of) && of.authMethod !== 'private_key_jwt' && of.alg === 'RS256',
    files: { 'application.yaml': springSecurity },
  },
];

export const readyApplicationSettings = (of: Application): ReadySettings[] =>
  (of.speaksNotion ? [NOTION] : PRODUCTS.filter(({ serves }) => serves(of))).map(({ id, title, files }) => ({
    id,
    title,
    files: Object.fromEntries(Object.entries(files).map(([name, write]) => [name, write(of)])),
  }));
