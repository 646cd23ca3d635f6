/**
 * The SAML side of a client, `addons.samlp`, with the keys of Auth0's add-on: the setters' names without `set`, plus our extensions.
 * The same schema reads the `samlResponse` member of a transaction.
 */
import { z } from 'zod';
import { BINDINGS } from '../protocol/saml/names.js';
import {
  SETTINGS,
  attributeNameSchema,
  attributeValueSchema,
  type SamlSettings,
  type SettingName,
} from '../protocol/saml/settings.js';
import { webUrl } from './web-url.js';

const shape = Object.fromEntries(
  Object.entries(SETTINGS).map(([name, row]) => [name, row.schema.optional()]),
) as {
  [Name in SettingName]: z.ZodOptional<(typeof SETTINGS)[Name]['schema']>;
};

const pem = z.string('must be string').max(16_384, 'must NOT have more than 16384 characters');

/** What an operator knows of the service provider itself; imported metadata fills it in. No Action reaches it. */
const serviceProvider = {
  /** Its entity ID: the Issuer of its requests. Unset, `audience` stands for it. */
  entityId: z.string('must be string').min(1, 'must NOT be empty').max(1024).optional(),
  /** What an AssertionConsumerServiceIndex means; each location must be one of the client's callbacks too. */
  assertionConsumers: z
    .array(
      z.strictObject({ index: z.int('must be integer').min(0).max(65_535), location: webUrl }),
      'must be array',
    )
    .max(100)
    .optional(),
  /** PEM. With any of them its logout messages must be signed by one; AuthnRequests only where `signingCert` is set. */
  spCertificates: z.array(pem, 'must be array').max(10).optional(),
  /** Auth0's `logout`: where LogoutRequests and LogoutResponses go. */
  logout: z
    .strictObject({
      callback: webUrl.optional(),
      slo_enabled: z.boolean('must be boolean').optional(),
      /** Ours: where LogoutResponses go, if elsewhere (SAML Metadata 2.2.2 ResponseLocation). */
      responseCallback: webUrl.optional(),
    })
    .optional(),
  /** Auth0's `binding`: how logout messages go. HTTP-POST where unset. */
  binding: z
    .enum([BINDINGS.httpPost, BINDINGS.httpRedirect], {
      error: `must be ${BINDINGS.httpPost} or ${BINDINGS.httpRedirect}`,
    })
    .optional(),
  /** Whether a login may begin here, without an AuthnRequest; true where unset. */
  allowIdpInitiated: z.boolean('must be boolean').optional(),
};

/** `addons.samlp` of a client. An unknown key is refused; the border adds the nearest name. */
export const samlAddonSchema = z.strictObject({ ...shape, ...serviceProvider });
export type ServiceProviderFacts = {
  readonly [Name in keyof typeof serviceProvider]?: z.infer<(typeof serviceProvider)[Name]>;
};
export type SamlAddon = SamlSettings & ServiceProviderFacts;

/** The entity ID by which a service provider names itself: what was imported or set, else the audience. */
export const entityIdOfServiceProvider = (addon: SamlAddon): string | undefined =>
  addon.entityId ?? addon.audience;

/** `samlResponse` of a transaction: every setting, and `attributes` by name, `null` to leave a mapped one out. */
export const samlResponseSchema = z.strictObject({
  ...shape,
  attributes: z
    .record(attributeNameSchema, attributeValueSchema.nullable(), 'must be object')
    .refine((attributes) => Object.keys(attributes).length <= 100, 'must NOT have more than 100 attributes')
    .optional(),
});
