/**
 * The one table of `api.samlResponse` setters: name, argument schema with its limit, default, and what it changes.
 * REST validates with it today, client add-ons too, and the Actions `api` is made from the same rows.
 * Knows nothing of where a value came from (see layers.ts) nor of how it reaches the wire (see response.ts).
 */
import { z } from 'zod';
import { NAME_ID_FORMATS, AUTHN_CONTEXT } from './names.js';

const codePoints = (text: string): number => {
  let count = 0;
  for (const _ of text) count++;
  return count;
};

/** Text of at most `limit` Unicode code points (saml-output.md 2). */
const text = (limit: number): z.ZodString =>
  z
    .string('must be string')
    .refine(
      (value) => value.length <= limit || codePoints(value) <= limit,
      `must NOT have more than ${limit} characters`,
    );

const flag = z.boolean('must be boolean');
const finite = z.number({ error: 'must be a finite number' });
const oneOf = <const Names extends readonly [string, ...string[]]>(...names: Names) =>
  z.enum(names, { error: `must be equal to one of the allowed values: ${names.join(', ')}` });

/** What one attribute may hold: `string | number | boolean | null | Array` [seed 003], arrays without null or nesting. */
export const attributeValueSchema = z.union(
  [
    text(2048),
    finite,
    flag,
    z.array(z.union([text(2048), finite, flag], 'must be string, number or boolean')),
  ],
  'must be string (at most 2048 characters), finite number, boolean, or an array of those',
);
/** The value of one attribute, once `null` (take it back) is out of the way. */
export type AttributeValue = z.infer<typeof attributeValueSchema>;

export const attributeNameSchema = text(1024).refine((name) => name.trim() !== '', 'must NOT be blank');

/** One row of the table. */
export interface SetterRow<Value> {
  readonly schema: z.ZodType<Value>;
  /** The value that stands when no layer sets one; `undefined` where it is computed or absent, see `otherwise`. */
  readonly initial: Value | undefined;
  /** In words: the default, where it is not a constant. */
  readonly otherwise?: string;
  /** What it changes on the wire. */
  readonly effect: string;
  /** Its value is a secret: never shown, only that it is set. */
  readonly secret?: true;
}
const row = <Value>(
  schema: z.ZodType<Value>,
  initial: NoInfer<Value> | undefined,
  effect: string,
  more: { otherwise?: string; secret?: true } = {},
): SetterRow<Value> => ({ schema, initial, effect, ...more });

const claims = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/';

/** Rows in the order of seed 003; `setIssuer`, `setRelayState` and `setEncryptionAlgorithm` are of Auth0's current API. */
export const SETTERS = {
  audience: row(text(2048), undefined, 'Conditions/AudienceRestriction/Audience', {
    otherwise: 'the Issuer of the AuthnRequest, else the client’s entityId, else its first callback URL',
  }),
  recipient: row(text(2048), undefined, 'SubjectConfirmationData/@Recipient', { otherwise: 'the ACS URL' }),
  destination: row(text(2048), undefined, 'Response/@Destination', { otherwise: 'the ACS URL' }),
  issuer: row(text(512), undefined, 'Response/Issuer and Assertion/Issuer', {
    otherwise: 'the tenant’s entity_id',
  }),
  relayState: row(text(512), undefined, 'the form field RelayState', {
    otherwise: 'the RelayState of the request',
  }),
  createUpnClaim: row(flag, true, 'adds the attribute …/claims/upn'),
  passthroughClaimsWithNoMapping: row(flag, true, 'profile fields without a mapping become attributes'),
  mapUnknownClaimsAsIs: row(
    flag,
    false,
    'their names stay bare instead of taking the tenant’s unmapped_claim_prefix',
  ),
  mapIdentities: row(
    flag,
    true,
    'adds provider, connection, isSocial and access_token of the primary identity',
  ),
  lifetimeInSeconds: row(finite, 3600, 'Conditions/@NotOnOrAfter and SubjectConfirmationData/@NotOnOrAfter'),
  signResponse: row(flag, false, 'the Response is signed instead of the Assertion'),
  nameIdentifierFormat: row(text(512), NAME_ID_FORMATS.unspecified, 'NameID/@Format'),
  nameIdentifierProbes: row(
    z.array(text(512), 'must be array').max(10, 'must NOT have more than 10 items'),
    [`${claims}nameidentifier`, `${claims}emailaddress`, `${claims}name`],
    'the first that has a value becomes the NameID',
  ),
  authnContextClassRef: row(text(512), AUTHN_CONTEXT.unspecified, 'AuthnContextClassRef'),
  signingCert: row(text(4096), undefined, 'requests must be signed with it', {
    otherwise: 'requests need no signature',
  }),
  includeAttributeNameFormat: row(flag, true, 'Attribute/@NameFormat inferred from the name'),
  typedAttributes: row(
    flag,
    true,
    'AttributeValue/@xsi:type inferred from the value, else always xs:anyType',
  ),
  encryptionCert: row(
    text(4096),
    undefined,
    'with encryptionPublicKey: the assertion is encrypted, this certificate stands in its KeyInfo',
    { otherwise: 'no encryption' },
  ),
  encryptionPublicKey: row(
    text(4096),
    undefined,
    'with encryptionCert: wraps the content key of the encrypted assertion',
    { otherwise: 'no encryption' },
  ),
  encryptionAlgorithm: row(oneOf('aes256-cbc', 'aes256-gcm'), 'aes256-cbc', 'EncryptedData/EncryptionMethod'),
  cert: row(text(4096), undefined, 'with key: signs instead of the tenant’s pair, stands in KeyInfo', {
    otherwise: 'the tenant’s certificate',
  }),
  key: row(text(4096), undefined, 'with cert: signs instead of the tenant’s pair', {
    otherwise: 'the tenant’s key',
    secret: true,
  }),
  signatureAlgorithm: row(oneOf('rsa-sha256', 'rsa-sha1'), 'rsa-sha256', 'SignatureMethod'),
  digestAlgorithm: row(oneOf('sha256', 'sha1'), 'sha256', 'DigestMethod'),
} as const;

/** Settings of ours that no Auth0 setter reaches: a client add-on or a transaction may carry them, an Action may not. */
const EXTENSIONS = {
  mappings: row(
    z.record(
      attributeNameSchema,
      z.union([attributeNameSchema, z.array(attributeNameSchema)]),
      'must be object',
    ),
    undefined,
    'profile field to attribute name(s); any entry replaces the whole default table',
    { otherwise: 'the default table of claims' },
  ),
  signBoth: row(flag, false, 'Assertion and Response are both signed'),
  signErrors: row(flag, false, 'error Responses are signed even when signResponse is false'),
  notBeforeSkewInSeconds: row(
    finite.min(0, 'must be >= 0').max(86_400, 'must be <= 86400'),
    0,
    'Conditions/@NotBefore is back-dated by so much',
  ),
  sessionLifetimeInSeconds: row(
    finite.min(0, 'must be >= 0'),
    undefined,
    'AuthnStatement/@SessionNotOnOrAfter',
    { otherwise: 'no SessionNotOnOrAfter' },
  ),
  inclusiveNamespaces: row(
    flag,
    false,
    'InclusiveNamespaces PrefixList="xs" on the exc-c14n transform, so that the canonical octets declare xs',
  ),
  echoRequestedAuthnContext: row(
    flag,
    false,
    'the first class of RequestedAuthnContext is echoed unless authnContextClassRef is set',
  ),
  strictNameIDPolicy: row(
    flag,
    false,
    'a request whose NameIDPolicy asks for another format than the configured one is refused, as InvalidNameIDPolicy',
  ),
  strictRequestedAuthnContext: row(
    flag,
    false,
    'a request whose RequestedAuthnContext is not met is refused, as NoAuthnContext',
  ),
  acceptSha1Requests: row(
    flag,
    false,
    'signatures of the SP made with rsa-sha1 are accepted, for service providers that know no better',
  ),
} as const;

export const SETTINGS = { ...SETTERS, ...EXTENSIONS } as const;

export type SetterName = keyof typeof SETTERS;
export type SettingName = keyof typeof SETTINGS;
export type SettingValue<Name extends SettingName> =
  (typeof SETTINGS)[Name] extends SetterRow<infer Value> ? Value : never;
/** What one layer says: some settings, each of its own type. */
export type SamlSettings = { readonly [Name in SettingName]?: SettingValue<Name> };
/** Attributes as one layer sets them, in call order; `null` takes one back. */
export type SetAttributes = readonly { readonly name: string; readonly value: AttributeValue | null }[];

/** `setAudience` for `audience`. */
export const setterOf = (name: SetterName): string => `set${name.charAt(0).toUpperCase()}${name.slice(1)}`;

export const isSettingName = (name: string): name is SettingName => Object.hasOwn(SETTINGS, name);

/** The part of what zod reports that a message is made of. */
interface Issue {
  readonly message: string;
  readonly path: readonly PropertyKey[];
}
/**
 * What a setter throws: the last segment of the path and the rule, `audience must be string`; the rules of one field joined by
 * commas, fields by semicolons (actions-api.md 2). `name` is the argument's, for issues that have no path of their own.
 */
export function settingMessage(name: string, issues: readonly Issue[]): string {
  const rules = new Map<string, string[]>();
  for (const { path, message } of issues) {
    const field = String(path.at(-1) ?? name);
    rules.set(field, [...(rules.get(field) ?? []), message]);
  }
  return [...rules].map(([field, broken]) => `${field} ${broken.join(', ')}`).join('; ');
}
