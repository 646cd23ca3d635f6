/**
 * XML as a value. A tree is built once and written twice by writer.ts: the octets that are digested, and the octets that are sent.
 * Prefixes are fixed by one table, so a tree cannot bind one prefix to two namespaces, and no caller's text can become markup.
 */

/** Every namespace we write, by the prefix that Auth0's responses have used for it (saml-output.md 3.1, 3.4, 12.1). */
export const NAMESPACES = {
  /** XML Signature as it stands inside a SAML message: the default namespace, no prefix. */
  '': 'http://www.w3.org/2000/09/xmldsig#',
  /** XML Signature as it stands inside XML Encryption. */
  ds: 'http://www.w3.org/2000/09/xmldsig#',
  ec: 'http://www.w3.org/2001/10/xml-exc-c14n#',
  saml: 'urn:oasis:names:tc:SAML:2.0:assertion',
  samlp: 'urn:oasis:names:tc:SAML:2.0:protocol',
  xenc: 'http://www.w3.org/2001/04/xmlenc#',
  xs: 'http://www.w3.org/2001/XMLSchema',
  xsi: 'http://www.w3.org/2001/XMLSchema-instance',
} as const;
export type Prefix = keyof typeof NAMESPACES;

type Prefixed = `${Exclude<Prefix, ''>}:${string}`;

export interface XmlElement {
  /** `saml:Assertion`; a name without a colon is XML Signature's. */
  readonly name: string;
  readonly prefix: Prefix;
  /** In any order; the writer sorts them as Canonical XML 1.0 4.8 asks. `undefined` leaves the attribute out. */
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly children: readonly (XmlElement | string)[];
  /**
   * Prefixes declared here although no name of this element uses them: `xs` stands only inside the value of `xsi:type`,
   * which exclusive canonicalisation does not look at, and the document that is sent must still bind it.
   */
  readonly declares: readonly Prefix[];
}

/** An element of a namespace in the table; text children are escaped when written. */
export function element(
  name: Prefixed | Capitalize<string>,
  attributes: Readonly<Record<string, string | undefined>> = {},
  children: readonly (XmlElement | string)[] = [],
  declares: readonly Prefix[] = [],
): XmlElement {
  const colon = name.indexOf(':');
  const prefix = colon === -1 ? '' : name.slice(0, colon);
  if (!Object.hasOwn(NAMESPACES, prefix))
    throw new TypeError(`no namespace is bound to the prefix of ${name}`);
  return { name, prefix: prefix as Prefix, attributes, children, declares };
}

/** The same element with `child` put in at `index`. */
export const withChildAt = (parent: XmlElement, index: number, child: XmlElement): XmlElement => ({
  ...parent,
  children: [...parent.children.slice(0, index), child, ...parent.children.slice(index)],
});
