/** One login with a fixed clock, fixed ids and fixed keys: what golden files and judges look at. */
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { issueResponse } from '../../src/protocol/saml/issue-response.js';
import { der, readEncryptionPair, readSigningPair } from '../../src/protocol/saml/key-pairs.js';
import { effectiveConfiguration, type Layers } from '../../src/protocol/saml/layers.js';
import type { IssuedResponse, LoginContext } from '../../src/protocol/saml/response-context.js';
import type { SamlSettings, SetAttributes } from '../../src/protocol/saml/settings.js';

export const testKey = (name: string): string =>
  readFileSync(new URL(`../keys/${name}.pem`, import.meta.url), 'utf8');

export const KEYS = {
  idp: { cert: testKey('saml-idp.crt'), key: testKey('saml-idp.key') },
  other: { cert: testKey('saml-other.crt'), key: testKey('saml-other.key') },
  sp: { cert: testKey('saml-sp.crt'), key: testKey('saml-sp.key'), publicKey: testKey('saml-sp.pub') },
};
export const NOW = new Date('2026-11-21T10:00:00.000Z');
export const ACS = 'https://sp.example.test/acs';

export const ALICE = {
  user_id: 'auth0|alice',
  email: 'alice@example.test',
  email_verified: true,
  name: 'Alice Liddell',
  given_name: 'Alice',
  family_name: 'Liddell',
  nickname: 'alice',
  identities: [
    { provider: 'auth0', connection: 'Username-Password-Authentication', user_id: 'alice', isSocial: false },
  ],
  user_metadata: { theme: 'dark' },
  logins: 42,
};

export interface Login {
  readonly settings?: SamlSettings;
  readonly attributes?: SetAttributes;
  readonly client?: SamlSettings;
  readonly context?: Partial<LoginContext>;
}

export function contextOf(login: Login = {}): LoginContext {
  const layers: Layers = {
    client: { settings: login.client ?? {}, attributes: [] },
    transaction: { settings: login.settings ?? {}, attributes: login.attributes ?? [] },
  };
  return {
    configuration: effectiveConfiguration(layers),
    entityId: 'urn:auth0:mintmark',
    acsUrl: ACS,
    request: null,
    relayState: undefined,
    now: NOW,
    ids: {
      response: '_r0000000000000000001',
      assertion: '_a0000000000000000001',
      sessionIndex: '_s0000000000000000001',
    },
    profile: ALICE,
    unmappedClaimPrefix: 'http://schema.auth0.com/',
    fallbackAudience: ACS,
    authenticatedAt: NOW,
    ...login.context,
  };
}

const tenant = {
  privateKey: createPrivateKey(KEYS.idp.key),
  certificate: der(new X509Certificate(KEYS.idp.cert)),
};

export function issue(login: Login = {}): IssuedResponse {
  const context = contextOf(login);
  const { settings } = context.configuration;
  const rules = { minimumRsaBits: 1024, pointer: '/samlResponse' };
  return issueResponse(
    context,
    {
      own: readSigningPair(settings.cert.value, settings.key.value, rules),
      encryption: readEncryptionPair(
        settings.encryptionCert.value,
        settings.encryptionPublicKey.value,
        rules,
      ),
      tenant,
    },
    randomBytes,
  );
}

export const ENCRYPTED: SamlSettings = {
  encryptionCert: KEYS.sp.cert,
  encryptionPublicKey: KEYS.sp.publicKey,
};
