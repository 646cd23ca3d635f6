import { xml } from './literals.js';
import { needsKey, type Relationship } from './relationship.js';

const ACS = '/SAML2/POST';

/** Shibboleth SP 3: `shibboleth2.xml`. */
export function shibboleth(of: Relationship): string {
  const { idp, sp } = of;
  const isSecure = sp.acsUrl.startsWith('https:');
  const handlerUrl = sp.acsUrl.endsWith(ACS) ? sp.acsUrl.slice(0, -ACS.length) : null;
  // signs AuthnRequests and logout messages alike
  const signing = of.wantsSigned.requests || of.wantsSigned.logout ? 'front' : 'false';
  return [
    '<SPConfig xmlns="urn:mace:shibboleth:3.0:native:sp:config" clockSkew="180">',
    '  <OutOfProcess tranLogFormat="%u|%s|%IDP|%i|%ac|%t|%attr|%n|%b|%E|%S|%SS|%L|%UA|%a"/>',
    `  <ApplicationDefaults entityID="${xml(sp.entityId)}" REMOTE_USER="nameid" signing="${signing}" encryption="false">`,
    ...(handlerUrl === null
      ? [
          '    <!-- Its ACS URL is handlerURL and /SAML2/POST: the client must list that URL among its callbacks. -->',
        ]
      : []),
    `    <Sessions lifetime="28800" timeout="3600" relayState="ss:mem" checkAddress="false" handlerURL="${xml(handlerUrl ?? '/Shibboleth.sso')}" handlerSSL="${isSecure}" cookieProps="${isSecure ? 'https' : 'http'}" redirectLimit="exact">`,
    `      <SSO entityID="${xml(idp.entityId)}">SAML2</SSO>`,
    '      <Logout>SAML2 Local</Logout>',
    '      <Handler type="MetadataGenerator" Location="/Metadata" signing="false"/>',
    '      <Handler type="Session" Location="/Session" showAttributeValues="true"/>',
    '    </Sessions>',
    '    <Errors supportContact="root@localhost"/>',
    `    <MetadataProvider type="XML" validate="true" url="${xml(idp.metadataUrl)}" backingFilePath="mintmark-metadata.xml" maxRefreshDelay="7200"/>`,
    '    <AttributeExtractor type="XML" validate="true" reloadChanges="false" path="attribute-map.xml"/>',
    '    <AttributeFilter type="XML" validate="true" path="attribute-policy.xml"/>',
    ...(needsKey(of)
      ? [
          '    <!-- the pair whose certificate the client lists -->',
          '    <CredentialResolver type="File" key="sp.key.pem" certificate="sp.crt.pem"/>',
        ]
      : []),
    '  </ApplicationDefaults>',
    '  <SecurityPolicyProvider type="XML" validate="true" path="security-policy.xml"/>',
    '  <ProtocolProvider type="XML" validate="true" reloadChanges="false" path="protocols.xml"/>',
    '</SPConfig>',
    '',
  ].join('\n');
}

const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/';
const ATTRIBUTES = { emailaddress: 'mail', givenname: 'givenName', surname: 'sn', name: 'cn', upn: 'upn' };

/** Shibboleth SP 3: `attribute-map.xml`, of the claims that are mapped by default. */
export const shibbolethAttributeMap = ({ nameIDFormat }: Relationship): string =>
  [
    '<Attributes xmlns="urn:mace:shibboleth:2.0:attribute-map" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
    `  <Attribute name="${xml(nameIDFormat)}" id="nameid">`,
    '    <AttributeDecoder xsi:type="NameIDAttributeDecoder" formatter="$Name" defaultQualifiers="true"/>',
    '  </Attribute>',
    ...Object.entries(ATTRIBUTES).map(([claim, id]) => `  <Attribute name="${CLAIMS}${claim}" id="${id}"/>`),
    '</Attributes>',
    '',
  ].join('\n');
