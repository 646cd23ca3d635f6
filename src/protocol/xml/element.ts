/**
 * XML as a value. A tree is built once and written twice by writer.ts: the octets that are digested, and the octets that are sent.
 * Prefixes are fixed by one table, so a tree cannot bind one prefix to two namespaces, and no caller's text can become markup.
 */

/** Every namespace we write, by the prefix that Auth0's responses have used for it (saml-output.md 3.1, 3.4, 12.1); in alphabetical order. */
export const NAMESPACES = {
  /** XML Signature as it stands inside a SAML message: the default namespace, no prefix. */
  '': 'http://www.w3.org/2000/09/xmldsig#',
  /** XML Signature as it stands inside XML Encryption. */
  ds: 'http://www.w3.org/2000/09/xmldsig#',
  ec: 'http://www.w3.org/2001/10/xml-exc-c14n#',
  md: 'urn:oasis:names:tc:SAML:2.0:metadata',
  saml: 'urn:oasis:names:tc:SAML:2.0:assertion',
  samlp: 'urn:oasis:names:tc:SAML:2.0:protocol',
  xenc: 'http://www.w3.org/2001/04/xmlenc#',
  xs: 'http://www.w3.org/2001/XMLSchema',
  xsi: 'http://www.w3.org/2001/XMLSchema-instance',
} as const;
export type Prefix = keyof typeof NAMESPACES;

/** A set of prefixes, one bit each, since the writer asks at every element which of them are bound already. */
export type Prefixes = number;
const BITS: ReadonlyMap<string, Prefixes> = new Map(
  Object.keys(NAMESPACES).map((prefix, index) => [prefix, 1 << index]),
);
export const prefixes = (names: readonly Prefix[]): Prefixes =>
  names.reduce((all, name) => all | BITS.get(name)!, 0);

type Prefixed = `${Exclude<Prefix, ''>}:${string}`;

export interface XmlElement {
  /** `saml:Assertion`; a name without a colon is XML Signature's. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | undefined>>;
  /** Of the attributes that are not `undefined`, in the order given. */
  readonly names: readonly string[];
  readonly children: readonly (XmlElement | string)[];
  /** The prefixes of its own name and of its attributes' names. */
  readonly uses: Prefixes;
  /**
   * Prefixes declared here although no name of this element uses them: `xs` stands only inside the value of `xsi:type`,
   * which exclusive canonicalisation does not look at, and the document that is sent must still bind it.
   */
  readonly declares: Prefixes;
}

/** An element of a namespace in the table; text children are escaped when written. An `undefined` attribute is left out. */
export function element(
  name: Prefixed | Capitalize<string>,
  attributes: Readonly<Record<string, string | undefined>> = NONE,
  children: readonly (XmlElement | string)[] = [],
  declares: readonly Prefix[] = [],
): XmlElement {
  let uses = prefixOf(name) ?? BITS.get('')!;
  const names: string[] = [];
  for (const attribute in attributes) {
    if (attributes[attribute] === undefined) continue;
    names.push(attribute);
    uses |= prefixOf(attribute) ?? 0;
  }
  return {
    name,
    attributes,
    names,
    children,
    uses,
    declares: declares.length === 0 ? 0 : prefixes(declares),
  };
}
const NONE = Object.freeze({});

/** `undefined` for a name without one. */
function prefixOf(name: string): Prefixes | undefined {
  const colon = name.indexOf(':');
  if (colon === -1) return undefined;
  const bit = BITS.get(name.slice(0, colon));
  if (bit === undefined) throw new TypeError(`no namespace is bound to the prefix of ${name}`);
  return bit;
}

/** The same element with `child` put in at `index`. */
export const withChildAt = (parent: XmlElement, index: number, child: XmlElement): XmlElement => ({
  ...parent,
  children: parent.children.toSpliced(index, 0, child),
});
