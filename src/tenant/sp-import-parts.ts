/** What each part of a service provider's metadata comes to as settings of a client; the reasons are in docs/decisions/importing-metadata.md. */
import type { X509Certificate } from 'node:crypto';
import { isUriReference } from '../protocol/saml/any-uri.js';
import { DEFAULT_MAPPINGS } from '../protocol/saml/attributes.js';
import { fingerprint } from '../protocol/saml/key-pairs.js';
import { BINDINGS, NAME_ID_FORMATS, type Binding } from '../protocol/saml/names.js';
import { readCertificate } from '../protocol/saml/pem.js';
import type { SpEndpoint, SpMetadata } from '../protocol/saml/sp-metadata.js';
import { BLOCK_CIPHERS } from '../protocol/xml/algorithms.js';
import type { Patch } from './patch.js';
import { entityIdOfServiceProvider, type SamlAddon } from './saml-addon.js';

export interface Reading {
  readonly addon?: Patch<SamlAddon>;
  /** In words, and which setting it became. */
  readonly taken?: readonly string[];
  /** In words. */
  readonly ignored?: readonly string[];
}

const MOST_CERTIFICATES = 10;
/** Of `signingCert` and `encryptionCert`, as Auth0's setters have it. */
const LONGEST_PEM = 4096;

/** Where no request names the SP, as in a login that the IdP initiates, only the audience can; it is an xs:anyURI. */
export function entity({ entityId }: SpMetadata, kept: SamlAddon): Reading {
  const isFree = kept.audience === undefined || kept.audience === entityIdOfServiceProvider(kept);
  const isUri = isUriReference(entityId);
  return {
    addon: { entityId, ...(isFree && isUri && { audience: entityId }) },
    taken: [
      `entityID ${entityId} → addons.samlp.entityId${isFree && isUri ? ', addons.samlp.audience' : ''}`,
    ],
    ignored: isUri
      ? []
      : [
          `entityID ${JSON.stringify(entityId)} is no URI (SAML Metadata 2.2.1), so it is not taken as addons.samlp.audience: a login that begins here does not name it`,
        ],
  };
}

interface Certificate {
  readonly pem: string;
  readonly certificate: X509Certificate;
}
const read = (pem: string, use: string): Certificate => ({
  pem,
  certificate: readCertificate(pem, { name: `the ${use} certificate of the metadata`, pointer: '' }),
});
const isRsa = ({ certificate }: Certificate): boolean => certificate.publicKey.asymmetricKeyType === 'rsa';
const isValidAt = (now: Date, { certificate }: Certificate): boolean =>
  new Date(certificate.validFrom) <= now && now < new Date(certificate.validTo);
const named = ({ certificate }: Certificate): string =>
  `${certificate.subject?.replaceAll('\n', ', ') || 'without a subject'}, SHA-256 ${fingerprint(certificate)}`;
const notRsa = (use: string, one: Certificate): string =>
  `${use} certificate ${named(one)}: its key is ${one.certificate.publicKey.asymmetricKeyType}, and only RSA is used here`;

/**
 * `signingCert` makes every AuthnRequest need a signature, so it is set only where the SP says that it signs them. One that an earlier
 * import had set, which `spCertificates` tells, goes when the SP no longer says so; one that was set by hand stays.
 */
export function signing(metadata: SpMetadata, kept: SamlAddon, now: Date): Reading {
  const all = metadata.signingCertificates.map((pem) => read(pem, 'signing'));
  const usable = all.filter((one) => isRsa(one) && one.pem.length <= LONGEST_PEM);
  const used = usable.slice(0, MOST_CERTIFICATES);
  const first = used.find((one) => isValidAt(now, one)) ?? used[0];
  const wasImported =
    kept.signingCert !== undefined && kept.spCertificates?.includes(kept.signingCert) === true;
  return {
    addon: {
      ...(used.length > 0 && { spCertificates: used.map(({ pem }) => pem) }),
      ...(metadata.authnRequestsSigned && first
        ? { signingCert: first.pem }
        : wasImported && { signingCert: null }),
    },
    taken: [
      ...used.map((one) => `signing certificate ${named(one)} → addons.samlp.spCertificates`),
      ...(metadata.authnRequestsSigned && first
        ? [
            `AuthnRequestsSigned="true" → addons.samlp.signingCert${used.length > 1 ? `, the certificate ${fingerprint(first.certificate)}` : ''}`,
          ]
        : []),
    ],
    ignored: [
      ...all.filter((one) => !isRsa(one)).map((one) => notRsa('signing', one)),
      ...all
        .filter((one) => isRsa(one) && !usable.includes(one))
        .map((one) => `signing certificate ${named(one)}: its PEM has more than ${LONGEST_PEM} characters`),
      ...usable
        .slice(used.length)
        .map((one) => `signing certificate ${named(one)}: ${MOST_CERTIFICATES} are kept at most`),
      ...(metadata.authnRequestsSigned && !first
        ? ['AuthnRequestsSigned="true": there is no certificate to verify AuthnRequests with']
        : []),
    ],
  };
}

/** SPs decrypt with any of their keys, and an assertion is encrypted for one. */
export function encryption({ encryptionCertificates, encryptionMethods }: SpMetadata): Reading {
  const all = encryptionCertificates.map((pem) => read(pem, 'encryption'));
  const [first, ...others] = all.filter((one) => isRsa(one) && one.pem.length <= LONGEST_PEM);
  const [algorithm] = encryptionMethods.flatMap((uri) =>
    Object.entries(BLOCK_CIPHERS).flatMap(([name, known]) => (known.uri === uri ? [name] : [])),
  );
  const isMethodUsed = first !== undefined && algorithm !== undefined;
  return {
    addon: first
      ? {
          encryptionCert: first.pem,
          encryptionPublicKey: first.certificate.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
          ...(algorithm !== undefined && { encryptionAlgorithm: algorithm as 'aes256-cbc' | 'aes256-gcm' }),
        }
      : {},
    taken: first
      ? [
          `encryption certificate ${named(first)} → addons.samlp.encryptionCert, addons.samlp.encryptionPublicKey`,
          ...(isMethodUsed ? [`EncryptionMethod ${algorithm} → addons.samlp.encryptionAlgorithm`] : []),
        ]
      : [],
    ignored: [
      ...all.filter((one) => !isRsa(one)).map((one) => notRsa('encryption', one)),
      ...all
        .filter((one) => isRsa(one) && one.pem.length > LONGEST_PEM)
        .map(
          (one) => `encryption certificate ${named(one)}: its PEM has more than ${LONGEST_PEM} characters`,
        ),
      ...others.map(
        (one) => `encryption certificate ${named(one)}: an assertion is encrypted for one key, the first`,
      ),
      ...(encryptionMethods.length > (isMethodUsed ? 1 : 0)
        ? [
            isMethodUsed
              ? `the other EncryptionMethods: the first that is known here is taken`
              : `EncryptionMethod ${[...new Set(encryptionMethods)].join(', ')}: ${first ? `assertions are encrypted with ${Object.keys(BLOCK_CIPHERS).join(' or ')}` : 'there is no certificate to encrypt for'}`,
          ]
        : []),
    ],
  };
}

/** The cookies of an SP, `SameSite=Lax` unless it says otherwise, come along when the browser is sent by GET, and not by POST. */
const PREFERRED: readonly Binding[] = [BINDINGS.httpRedirect, BINDINGS.httpPost];
const nameOfBinding = (uri: string): string => uri.slice(uri.lastIndexOf(':') + 1);

export function singleLogout(metadata: SpMetadata, kept: SamlAddon): Reading {
  const [chosen] = PREFERRED.flatMap((binding) =>
    metadata.singleLogout.filter((one) => one.binding === binding),
  );
  if (!chosen) return {};
  const others = metadata.singleLogout.filter((one) => one !== chosen);
  const { location, responseLocation } = chosen;
  return {
    addon: {
      logout: {
        ...(kept.logout?.slo_enabled !== undefined && { slo_enabled: kept.logout.slo_enabled }),
        callback: location,
        ...(responseLocation !== undefined && { responseCallback: responseLocation }),
      },
      binding: chosen.binding as Binding,
    },
    taken: [`SingleLogoutService ${described(chosen)} → addons.samlp.logout, addons.samlp.binding`],
    ignored: others.map(
      (one) =>
        `SingleLogoutService ${described(one)}: one is used, HTTP-Redirect before HTTP-POST, the first before others`,
    ),
  };
}
const described = ({ binding, location, responseLocation }: SpEndpoint): string =>
  `${nameOfBinding(binding)} ${location}${responseLocation === undefined ? '' : ` (responses to ${responseLocation})`}`;

/** What answers the probe is an e-mail address, whatever the mappings are: see name-id.ts. */
const EMAIL_PROBES = [DEFAULT_MAPPINGS['email']!].flat();

/**
 * The first format that we can keep the promise of: an e-mail address, or whatever the IdP likes. A transient NameID would have to be
 * another at each login, and a persistent one another at each SP; calling a user_id so would hide what an SP makes of the real thing.
 */
export function nameIDFormat({ nameIDFormats }: SpMetadata, kept: SamlAddon): Reading {
  const formats = [...new Set(nameIDFormats.filter((format) => format !== ''))];
  const chosen = formats.find(
    (format) => format === NAME_ID_FORMATS.emailAddress || format === NAME_ID_FORMATS.unspecified,
  );
  const ignored = formats.filter((format) => format !== chosen).map((format) => whyNotFormat(format, chosen));
  if (chosen === undefined) return { ignored };
  const standing = kept.nameIdentifierFormat ?? NAME_ID_FORMATS.unspecified;
  if (chosen === NAME_ID_FORMATS.unspecified)
    return { taken: [`NameIDFormat ${chosen}: any will do, so it stays ${standing}`], ignored };
  const hasProbes = kept.nameIdentifierFormat === chosen && kept.nameIdentifierProbes !== undefined;
  return {
    addon: { nameIdentifierFormat: chosen, ...(!hasProbes && { nameIdentifierProbes: EMAIL_PROBES }) },
    taken: [
      `NameIDFormat ${chosen} → addons.samlp.nameIdentifierFormat${hasProbes ? '' : ', addons.samlp.nameIdentifierProbes'}`,
    ],
    ignored,
  };
}

const whyNotFormat = (format: string, chosen: string | undefined): string => {
  if (chosen !== undefined) return `NameIDFormat ${format}: ${chosen} is taken`;
  const promise =
    format === NAME_ID_FORMATS.transient || format === NAME_ID_FORMATS.persistent
      ? 'no such NameID is made here'
      : 'it is not known here';
  return `NameIDFormat ${format}: ${promise}; where the service provider insists on the name, set addons.samlp.nameIdentifierFormat`;
};

export function wantAssertionsSigned({ wantAssertionsSigned: wanted }: SpMetadata, kept: SamlAddon): Reading {
  if (!wanted) return {};
  return kept.signResponse === true && kept.signBoth !== true
    ? {
        ignored: [
          'WantAssertionsSigned="true": addons.samlp.signResponse has the Response signed instead; set signBoth, or take it back',
        ],
      }
    : { taken: ['WantAssertionsSigned="true": the assertion is signed, without any setting'] };
}
