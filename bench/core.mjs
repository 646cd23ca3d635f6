/** The pure core against a raw signature, with samlify and saml, the libraries in use, beside it. */
import { createPrivateKey, randomBytes, sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import saml from 'saml';
import samlify from 'samlify';
import { artefactIds } from '../dist/login/ids.js';
import { idTokenPayload } from '../dist/protocol/jwt/id-token.js';
import { signJwt } from '../dist/protocol/jwt/sign.js';
import { issueResponse } from '../dist/protocol/saml/issue-response.js';
import { der, readEncryptionPair } from '../dist/protocol/saml/key-pairs.js';
import { effectiveConfiguration } from '../dist/protocol/saml/layers.js';
import { compare } from './cost.mjs';

const read = (name) => readFileSync(new URL(`../test/keys/${name}.pem`, import.meta.url), 'utf8');
const idp = { key: read('saml-idp.key'), cert: read('saml-idp.crt') };
const sp = { cert: read('saml-sp.crt'), publicKey: read('saml-sp.pub') };
const privateKey = createPrivateKey(idp.key);
const tenant = { privateKey, certificate: der(new X509Certificate(idp.cert)) };
const encryption = readEncryptionPair(sp.cert, sp.publicKey, { minimumRsaBits: 2048, pointer: '' });

const acsUrl = 'https://sp.example.test/acs';
const profile = {
  user_id: 'auth0|alice',
  email: 'alice@example.test',
  name: 'Alice Liddell',
  given_name: 'Alice',
  family_name: 'Liddell',
  nickname: 'alice',
  identities: [
    { provider: 'auth0', connection: 'Username-Password-Authentication', user_id: 'alice', isSocial: false },
  ],
};
const issue =
  (settings, pairs = {}) =>
  () => {
    const now = new Date();
    return issueResponse(
      {
        configuration: effectiveConfiguration({
          client: { settings: {}, attributes: [] },
          transaction: { settings, attributes: [] },
        }),
        entityId: 'urn:auth0:mintmark',
        acsUrl,
        request: null,
        relayState: undefined,
        now,
        ids: artefactIds(null, randomBytes),
        profile,
        unmappedClaimPrefix: 'http://schema.auth0.com/',
        fallbackAudience: acsUrl,
        authenticatedAt: now,
      },
      { own: null, encryption: null, tenant, ...pairs },
      randomBytes,
    );
  };

const jwtKey = { kid: 'bench', alg: 'RS256', privateKey };
const idToken = () =>
  signJwt(
    idTokenPayload({
      issuer: 'http://localhost:3000/',
      subject: profile.user_id,
      clientId: 'bench',
      now: new Date(),
      lifetimeInSeconds: 36_000,
      authenticatedAt: new Date(),
      sessionId: 'session',
      grantedScopes: ['openid', 'profile', 'email'],
      profile,
      customClaims: {},
      alg: 'RS256',
    }),
    jwtKey,
  );

/** The other two say the same of the same user, attribute by attribute. */
const attributes = Object.fromEntries(
  issue({})().attributes.map(({ name, values }) => [name, values.map(String)]),
);

samlify.setSchemaValidator({ validate: () => Promise.resolve('not measured') });
const tagOf = (index) => `attr${index}`;
const samlifyIdp = samlify.IdentityProvider({
  entityID: 'urn:auth0:mintmark',
  privateKey: idp.key,
  signingCert: idp.cert,
  requestSignatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  nameIDFormat: ['urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified'],
  singleSignOnService: [
    { Binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST', Location: 'https://idp.example.test/sso' },
  ],
  singleLogoutService: [
    { Binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST', Location: 'https://idp.example.test/slo' },
  ],
  loginResponseTemplate: {
    context: samlify.SamlLib.defaultLoginResponseTemplate.context,
    attributes: Object.keys(attributes).map((name, index) => ({
      name,
      valueTag: tagOf(index),
      nameFormat: 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
      valueXsiType: 'xs:string',
    })),
  },
});
const samlifySp = samlify.ServiceProvider({
  entityID: acsUrl,
  wantAssertionsSigned: true,
  assertionConsumerService: [{ Binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST', Location: acsUrl }],
});
const fill = (template) => {
  const now = new Date();
  const later = new Date(now.getTime() + 3_600_000).toISOString();
  const id = `_${randomBytes(20).toString('hex')}`;
  const values = {
    ID: id,
    AssertionID: `_${randomBytes(20).toString('hex')}`,
    Destination: acsUrl,
    Audience: acsUrl,
    SubjectRecipient: acsUrl,
    AssertionConsumerServiceURL: acsUrl,
    NameIDFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
    NameID: profile.user_id,
    Issuer: 'urn:auth0:mintmark',
    IssueInstant: now.toISOString(),
    ConditionsNotBefore: now.toISOString(),
    ConditionsNotOnOrAfter: later,
    SubjectConfirmationDataNotOnOrAfter: later,
    InResponseTo: '_request',
    StatusCode: 'urn:oasis:names:tc:SAML:2.0:status:Success',
    AuthnStatement: '',
    ...Object.fromEntries(
      Object.values(attributes).map(([value], index) => [
        `attr${tagOf(index).charAt(0).toUpperCase()}${tagOf(index).slice(1)}`,
        value,
      ]),
    ),
  };
  return { id, context: samlify.SamlLib.replaceTagsByValue(template, values) };
};
const bySamlify = () =>
  samlifyIdp.createLoginResponse(
    samlifySp,
    { extract: { request: { id: '_request' } } },
    'post',
    { email: profile.email },
    fill,
  );

const bySaml = () =>
  saml.Saml20.create({
    cert: idp.cert,
    key: idp.key,
    issuer: 'urn:auth0:mintmark',
    lifetimeInSeconds: 3600,
    audiences: acsUrl,
    recipient: acsUrl,
    signatureAlgorithm: 'rsa-sha256',
    digestAlgorithm: 'sha256',
    attributes,
    nameIdentifier: profile.user_id,
  });

/** Rows of the table: name, ratio, aim. */
export async function measureCore({ rounds = 7, runs = 1500 } = {}) {
  const { context } = await bySamlify();
  const sample = Buffer.from(context, 'base64').toString();
  for (const text of [profile.name, 'SignatureValue', 'AttributeStatement'])
    if (!sample.includes(text)) throw new Error(`samlify was to write ${text}`);
  const octets = randomBytes(400);
  const { base, ratios } = await compare(
    () => sign('sha256', octets, privateKey),
    {
      signed: issue({}),
      response: issue({ signResponse: true }),
      both: issue({ signBoth: true }),
      cbc: issue({}, { encryption }),
      gcm: issue({ encryptionAlgorithm: 'aes256-gcm' }, { encryption }),
      jwt: idToken,
      samlify: bySamlify,
      saml: bySaml,
    },
    { rounds, runs },
  );
  return { base, ratios };
}
