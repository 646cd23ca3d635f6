/** AttributeValue: how one JavaScript value is spelt, and the xsi:type that is inferred for it (saml-output.md 4.5, 5.2). */

export type Scalar = string | number | boolean;
export type XsType = 'xs:string' | 'xs:boolean' | 'xs:double' | 'xs:anyType';

/** Types by JavaScript type; a numeric string stays a string. */
const TYPES = { string: 'xs:string', boolean: 'xs:boolean', number: 'xs:double' } as const;

export const xsTypeOf = (value: Scalar, typed: boolean): XsType =>
  typed ? TYPES[typeof value as keyof typeof TYPES] : 'xs:anyType';

/** As JavaScript prints it; `1e+21` is a legal xs:double. */
export const spell = (value: Scalar): string => String(value);

/**
 * The values of a profile field as attribute values: scalars, and the scalars of an array. Objects, null and numbers
 * that are not finite yield none; a Date its ISO text.
 */
export function scalarsOf(value: unknown): readonly Scalar[] {
  if (Array.isArray(value)) return value.flatMap((item) => (Array.isArray(item) ? [] : scalarsOf(item)));
  if (value instanceof Date) return [value.toISOString()];
  if (typeof value === 'string' || typeof value === 'boolean') return [value];
  return typeof value === 'number' && Number.isFinite(value) ? [value] : [];
}
