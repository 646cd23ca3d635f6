/** What a person should know about a Response that is issued all the same. One row a warning, in the order a reader would ask. */
import type { X509Certificate } from 'node:crypto';
import type { MappedAttribute } from './attributes.js';
import { attributesBytes } from './configuration-rules.js';
import { isCarriedUnchanged } from './form-value.js';
import { isAuthnContextMet, isNameIDPolicyMet, isSubjectMet, refsOf } from './request-wishes.js';
import type { LoginContext, Pairs, SamlWarning } from './response-context.js';
import { NAME_ID_FORMATS } from './names.js';
import type { NameID } from './name-id.js';

interface Material {
  readonly context: LoginContext;
  readonly pairs: Pairs;
  readonly nameID: NameID;
  readonly attributes: readonly MappedAttribute[];
  readonly texts: {
    readonly recipient: string;
    readonly destination: string;
    readonly authnContextClassRef: string;
  };
  readonly relayState: string | undefined;
}

/** Yields the text of the warning, or a falsy value where there is nothing to say. */
type Row = (material: Material) => string | false | null | undefined;

const ROWS: Readonly<Record<string, Row>> = {
  lifetime_not_positive: ({ context }) => {
    const { value } = context.configuration.settings.lifetimeInSeconds;
    return (
      value !== undefined &&
      value <= 0 &&
      `lifetimeInSeconds is ${value}: the assertion has expired before anyone can read it`
    );
  },
  destination_differs: ({ context, texts }) =>
    texts.destination !== context.acsUrl &&
    `destination is ${texts.destination}, but the response is delivered to ${context.acsUrl}: a conforming SP refuses it`,
  recipient_differs: ({ context, texts }) =>
    texts.recipient !== context.acsUrl &&
    `recipient is ${texts.recipient}, but the response is delivered to ${context.acsUrl}: a conforming SP refuses it`,
  relative_url: ({ texts }) => {
    const relative = Object.entries(texts).filter(
      ([name, url]) =>
        (name === 'recipient' || name === 'destination') && !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(url),
    );
    return (
      relative.length > 0 &&
      `${relative.map(([name]) => name).join(' and ')} must be an absolute URI (SAML Core 1.3.2)`
    );
  },
  audience_differs: ({ context }) => {
    const { value } = context.configuration.settings.audience;
    return (
      context.request !== null &&
      value !== undefined &&
      value !== context.request.issuer &&
      `audience is ${value}, but the request came from ${context.request.issuer}: an SP refuses an assertion that is not for it`
    );
  },
  encryption_cbc: ({ context, pairs }) =>
    pairs.encryption &&
    context.configuration.settings.encryptionAlgorithm.value !== 'aes256-gcm' &&
    'encrypted with aes256-cbc, Auth0’s default, which can be attacked without an outer signature: set encryptionAlgorithm to aes256-gcm where the SP can read it',
  sha1: ({
    context: {
      configuration: { settings },
    },
  }) =>
    (settings.signatureAlgorithm.value === 'rsa-sha1' || settings.digestAlgorithm.value === 'sha1') &&
    'SHA-1 is broken and many SPs refuse it: use rsa-sha256 and sha256',
  own_certificate: ({ pairs }) =>
    pairs.own &&
    'signed with the pair of cert and key: the SP must trust that certificate, the published metadata names another',
  signing_key_weak: ({ pairs }) => weak(pairs.own?.bits, 'key'),
  encryption_key_weak: ({ pairs }) => weak(pairs.encryption?.bits, 'encryptionPublicKey'),
  signing_certificate_dates: ({ context, pairs }) => outOfDate(pairs.own?.certificate, 'cert', context.now),
  encryption_certificate_dates: ({ context, pairs }) =>
    outOfDate(pairs.encryption?.certificate, 'encryptionCert', context.now),
  name_id_not_an_address: ({ nameID }) =>
    nameID.format === NAME_ID_FORMATS.emailAddress &&
    !/^[^\s@]+@[^\s@]+$/.test(nameID.value) &&
    `NameID says it is an e-mail address but ${nameID.probe} holds none; the format is only a label`,
  name_id_policy_ignored: ({ context, nameID }) => {
    const wanted = context.request?.nameIDPolicy;
    return (
      wanted &&
      !isNameIDPolicyMet(wanted, nameID) &&
      `the request asks for the NameID format ${wanted.format}; the configured ${nameID.format} was used, as Auth0 does: strictNameIDPolicy refuses instead`
    );
  },
  authn_context_differs: ({ context, texts }) => {
    const wanted = context.request?.requestedAuthnContext;
    return (
      wanted?.comparison === 'exact' &&
      !isAuthnContextMet(wanted, texts.authnContextClassRef) &&
      `the request asks for ${refsOf(wanted).join(' or ')}, the assertion states ${texts.authnContextClassRef}: an SP that checks it refuses (SAML Core 3.3.2.2.1); set authnContextClassRef, or echoRequestedAuthnContext`
    );
  },
  subject_differs: ({ context, nameID }) => {
    const wanted = context.request?.subject;
    return (
      wanted &&
      !isSubjectMet(wanted, nameID) &&
      `the request asks for the subject ${wanted.nameId}${formatted(wanted.format)}, the assertion is about ${nameID.value}${formatted(wanted.format && nameID.format)}: a conforming SP refuses it (SAML Core 3.4.1.4)`
    );
  },
  access_token_in_clear: ({ attributes, pairs }) =>
    !pairs.encryption &&
    attributes.some(({ from }) => from === 'identities[0].access_token') &&
    'the identity provider’s access token is in the assertion, unencrypted: mapIdentities=false leaves it out',
  attributes_large: ({ context }) => {
    const bytes = attributesBytes(context.configuration.attributes);
    return bytes > 10_240 && `the attributes take ${bytes} bytes; Auth0 documents a limit of 10 kB`;
  },
  relay_state_long: ({ relayState }) => {
    const bytes = relayState === undefined ? 0 : Buffer.byteLength(relayState);
    return bytes > 80 && `RelayState has ${bytes} bytes; SAML Bindings 3.5.3 allows 80`;
  },
  relay_state_not_carried: ({ relayState }) =>
    relayState !== undefined &&
    !isCarriedUnchanged(relayState) &&
    'RelayState has a line break or another character that an HTML form cannot carry unchanged: the SP will read another text; have it send one line',
};

export function findWarnings(material: Material): SamlWarning[] {
  return Object.entries(ROWS).flatMap(([code, row]) => {
    const detail = row(material);
    return detail ? [{ code, detail }] : [];
  });
}

const formatted = (format: string | undefined): string => (format ? ` (${format})` : '');

const weak = (bits: number | undefined, name: string): string | false =>
  bits !== undefined && bits < 2048 && `${name} is an RSA key of ${bits} bits; use 2048 or more`;

function outOfDate(certificate: X509Certificate | undefined, name: string, now: Date): string | false {
  if (!certificate) return false;
  if (now < new Date(certificate.validFrom)) return `${name} is not valid before ${certificate.validFrom}`;
  return now > new Date(certificate.validTo) && `${name} expired on ${certificate.validTo}`;
}
