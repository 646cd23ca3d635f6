import { javaScript } from '../sp-settings/literals.js';
import { hasSecret, type Application } from './application.js';

/** A double-quoted scalar (YAML 1.2 7.3.1 holds JSON); Spring would read `${…}` and `{…}` in it as names. */
const yaml = (text: string): string => javaScript(text.replaceAll('{', '%7B').replaceAll('}', '%7D'));

/** Spring Boot 3: `application.yaml`. */
export const springSecurity = (of: Application): string =>
  [
    'spring:',
    '  security:',
    '    oauth2:',
    '      client:',
    '        registration:',
    '          mintmark:',
    `            client-id: ${yaml(of.clientId)}`,
    ...(hasSecret(of) ? ['            client-secret: "${CLIENT_SECRET}"'] : []),
    `            client-authentication-method: ${of.authMethod}`,
    '            authorization-grant-type: authorization_code',
    `            redirect-uri: ${yaml(of.redirectUri)}`,
    `            scope: [${of.scope.split(' ').map(yaml).join(', ')}]`,
    '        provider:',
    '          mintmark:',
    `            issuer-uri: ${yaml(of.provider.issuer)}`,
    '            user-name-attribute: sub',
    '',
  ].join('\n');
