/**
 * The classes of SAML Authentication Context 3.4, weakest first; those of one row are as strong as each other. The standard leaves
 * the order to whoever answers ("as deemed by the responder", SAML Core 3.3.2.2.1): ours goes by how much an impostor must get hold of.
 */
const CLASSES: readonly (readonly string[])[] = [
  ['unspecified'],
  // where somebody is, or that somebody was here before
  ['InternetProtocol', 'PreviousSession'],
  // a line or a device
  ['Telephony', 'NomadTelephony', 'PersonalTelephony', 'MobileOneFactorUnregistered'],
  ['AuthenticatedTelephony', 'MobileOneFactorContract'],
  // something known
  ['Password'],
  ['InternetProtocolPassword', 'PasswordProtectedTransport'],
  ['Kerberos', 'SecureRemotePassword'],
  // something known and something owned, or a private key
  ['MobileTwoFactorUnregistered', 'TimeSyncToken'],
  ['MobileTwoFactorContract', 'PGP', 'SPKI', 'SoftwarePKI', 'TLSClient', 'X509', 'XMLDSig'],
  // a private key that cannot be copied
  ['Smartcard'],
  ['SmartcardPKI'],
];
const PREFIX = 'urn:oasis:names:tc:SAML:2.0:ac:classes:';

const STRENGTHS: ReadonlyMap<string, number> = new Map(
  CLASSES.flatMap((row, strength) => row.map((name) => [PREFIX + name, strength] as const)),
);

/** What a RequestedAuthnContext asks of the class that is issued, by `Comparison` (SAML Core 3.3.2.2.1). */
const COMPARISONS: Readonly<Record<string, (issued: string, requested: readonly string[]) => boolean>> = {
  exact: (issued, requested) => requested.includes(issued),
  minimum: (issued, requested) => requested.some((one) => isNotWeaker(issued, one)),
  maximum: (issued, requested) => requested.some((one) => isNotWeaker(one, issued)),
  better: (issued, requested) => requested.every((one) => isStronger(issued, one)),
};

/** Whether `issued` is what `comparison` to the requested classes asks for. Of a class that is not the standard's only itself is known. */
export const satisfies = (issued: string, comparison: string, requested: readonly string[]): boolean =>
  COMPARISONS[comparison]?.(issued, requested) ?? false;

const isStronger = (one: string, other: string): boolean => difference(one, other) > 0;
const isNotWeaker = (one: string, other: string): boolean => one === other || difference(one, other) >= 0;

/** NaN where either has no place in the table, so that no comparison holds. */
const difference = (one: string, other: string): number =>
  (STRENGTHS.get(one) ?? Number.NaN) - (STRENGTHS.get(other) ?? Number.NaN);
