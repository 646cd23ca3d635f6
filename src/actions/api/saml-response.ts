/** `api.samlResponse`: one setter a row of SETTERS, and `setAttribute` (actions-api.md 11). Bad values throw and change nothing. */
import {
  ATTRIBUTES_LIMIT,
  ATTRIBUTES_LIMIT_IN_BYTES,
  attributesBytes,
} from '../../protocol/saml/configuration-rules.js';
import {
  attributeNameSchema,
  attributeValueSchema,
  setterOf,
  SETTERS,
  type AttributeValue,
  type SetterName,
} from '../../protocol/saml/settings.js';
import type { Effects } from '../../tenant/effects.js';
import { argumentOf } from './argument-errors.js';
import { setter, type Member } from './member.js';
import { plainJson } from './plain-json.js';

/** The one setter for which `undefined` is a value: the default format. Any other leaves what stands. */
const UNDEFINED: { readonly [Name in SetterName]?: unknown } = {
  nameIdentifierFormat: SETTERS.nameIdentifierFormat.initial,
};

const settingOf = (name: SetterName): Member =>
  setter(
    `samlResponse.${setterOf(name)}`,
    ({ draft }, [argument]) => {
      const value = argument === undefined ? UNDEFINED[name] : argument;
      if (value === undefined) return;
      draft.saml.settings[name] = plainJson(argumentOf<unknown>(name, SETTERS[name].schema, value));
    },
    {
      sets: ([value]) =>
        value === undefined && UNDEFINED[name] === undefined ? null : `samlResponse.${name}`,
      ...('secret' in SETTERS[name] && { secretArguments: ['0'] }),
    },
  );

type SetAttribute = Effects['saml']['attributes'][number];

/** As a Map would: a name keeps the place of its first call, and has the value of its last. */
const withAttribute = (attributes: readonly SetAttribute[], set: SetAttribute): readonly SetAttribute[] =>
  attributes.some(({ name }) => name === set.name)
    ? attributes.map((attribute) => (attribute.name === set.name ? set : attribute))
    : [...attributes, set];

function checkTotal(attributes: readonly SetAttribute[]): void {
  if (attributes.length > ATTRIBUTES_LIMIT)
    throw new Error(`attributes must NOT have more than ${ATTRIBUTES_LIMIT} items`);
  const bytes = attributesBytes(attributes.map((attribute) => ({ ...attribute, layer: 'action' })));
  if (bytes > ATTRIBUTES_LIMIT_IN_BYTES)
    throw new Error(
      `attributes must NOT take more than ${ATTRIBUTES_LIMIT_IN_BYTES} bytes of JSON together; with this one they take ${bytes}`,
    );
}

const setAttribute = setter(
  'samlResponse.setAttribute',
  ({ draft }, [attribute, argument]) => {
    const name = argumentOf('attribute', attributeNameSchema, attribute);
    const value =
      argument === null || argument === undefined
        ? null
        : (plainJson(argumentOf('value', attributeValueSchema, argument)) as AttributeValue);
    const attributes = withAttribute(draft.saml.attributes, { name, value });
    checkTotal(attributes);
    draft.saml.attributes = [...attributes];
  },
  { sets: ([name]) => (typeof name === 'string' ? `samlResponse.attributes.${name}` : null) },
);

export const SAML_RESPONSE: readonly Member[] = [
  setAttribute,
  ...(Object.keys(SETTERS) as SetterName[]).map(settingOf),
];
