/**
 * The SAML side of a client, `addons.samlp`, with the keys of Auth0's add-on: the setters' names without `set`, plus our extensions.
 * The same schema reads the `samlResponse` member of a transaction.
 */
import { z } from 'zod';
import {
  SETTINGS,
  attributeNameSchema,
  attributeValueSchema,
  type SamlSettings,
  type SettingName,
} from '../protocol/saml/settings.js';

const shape = Object.fromEntries(
  Object.entries(SETTINGS).map(([name, row]) => [name, row.schema.optional()]),
) as {
  [Name in SettingName]: z.ZodOptional<(typeof SETTINGS)[Name]['schema']>;
};

/** `addons.samlp` of a client. An unknown key is refused; the border adds the nearest name. */
export const samlAddonSchema = z.strictObject(shape);
export type SamlAddon = SamlSettings;

/** `samlResponse` of a transaction: every setting, and `attributes` by name, `null` to leave a mapped one out. */
export const samlResponseSchema = z.strictObject({
  ...shape,
  attributes: z
    .record(attributeNameSchema, attributeValueSchema.nullable(), 'must be object')
    .refine((attributes) => Object.keys(attributes).length <= 100, 'must NOT have more than 100 attributes')
    .optional(),
});
