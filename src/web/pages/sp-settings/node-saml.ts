import { javaScript } from './literals.js';
import type { Relationship } from './relationship.js';

/** The members of node-saml's SamlConfig, each on lines of its own; passport-saml takes the same. */
export function samlOptions(of: Relationship): string[] {
  const { idp, sp, wantsSigned, encrypts } = of;
  const signs = wantsSigned.requests || wantsSigned.logout;
  return [
    `issuer: ${javaScript(sp.entityId)},`,
    `callbackUrl: ${javaScript(sp.acsUrl)},`,
    ...(sp.sloUrl === undefined ? [] : [`logoutCallbackUrl: ${javaScript(sp.sloUrl)},`]),
    ...(of.audience === sp.entityId ? [] : [`audience: ${javaScript(of.audience)},`]),
    `entryPoint: ${javaScript(idp.ssoUrl)},`,
    `logoutUrl: ${javaScript(idp.sloUrl)},`,
    `idpIssuer: ${javaScript(idp.entityId)},`,
    'idpCert: [',
    // base64, line breaks and dashes: nothing that a template would read
    ...idp.certificates.map((pem) => `\`${pem}\`,`),
    '],',
    `wantAssertionsSigned: ${of.signs.assertion},`,
    `wantAuthnResponseSigned: ${of.signs.response},`,
    `identifierFormat: ${javaScript(of.nameIDFormat)},`,
    'disableRequestedAuthnContext: true,',
    'validateInResponseTo: ValidateInResponseTo.ifPresent,',
    'acceptedClockSkewMs: 5000,',
    ...(signs
      ? [
          '// the private key of the certificate that the client lists',
          "privateKey: readFileSync('sp.key.pem', 'utf8'),",
          "signatureAlgorithm: 'sha256',",
        ]
      : []),
    ...(encrypts
      ? [
          '// the private key of the certificate that assertions are encrypted for',
          "decryptionPvk: readFileSync('sp.key.pem', 'utf8'),",
        ]
      : []),
  ];
}

/** Reading files, where a key is needed. */
export const importsOf = ({ wantsSigned, encrypts }: Relationship): string[] =>
  wantsSigned.requests || wantsSigned.logout || encrypts ? ["import { readFileSync } from 'node:fs';"] : [];

export const indented = (lines: readonly string[], by: string): string[] =>
  lines.flatMap((line) => line.split('\n').map((part, index) => (index === 0 ? `${by}${part}` : part)));

/** An ES module; node-saml 5. */
export const nodeSaml = (of: Relationship): string =>
  [
    ...importsOf(of),
    "import { SAML, ValidateInResponseTo } from '@node-saml/node-saml';",
    '',
    'export const saml = new SAML({',
    ...indented(samlOptions(of), '  '),
    '});',
    '',
  ].join('\n');
