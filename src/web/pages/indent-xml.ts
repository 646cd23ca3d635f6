/** XML laid out for reading: white space is added where no reader of the document could take it for content, and nowhere else. */

export interface XmlToken {
  readonly kind: 'start' | 'end' | 'empty' | 'text' | 'other';
  readonly source: string;
}

const TOKEN =
  /(?<text>[^<]+)|(?<other><!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>)|(?<end><\/[^<>]*>)|(?<start><[^\s<>/!?](?:[^<>"']|"[^"]*"|'[^']*')*>)/y;

/** The tokens of `xml`, which joined are `xml` again; `null` where it cannot be told apart. */
export function tokensOf(xml: string): XmlToken[] | null {
  const tokens: XmlToken[] = [];
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < xml.length;) {
    const groups = TOKEN.exec(xml)?.groups;
    if (!groups) return null;
    const [[kind, source]] = Object.entries(groups).filter(([, found]) => found !== undefined) as [
      [XmlToken['kind'], string],
    ];
    tokens.push({ kind: kind === 'start' && source.endsWith('/>') ? 'empty' : kind, source });
  }
  return tokens;
}

interface Node extends XmlToken {
  readonly children: Node[];
  close?: string;
}

/** The elements as they nest; `null` where tags do not match in number. */
function treeOf(tokens: readonly XmlToken[]): Node | null {
  const root: Node = { kind: 'other', source: '', children: [] };
  const open = [root];
  for (const token of tokens) {
    const node: Node = { ...token, children: [] };
    if (token.kind === 'end') {
      if (open.length === 1) return null;
      open.pop()!.close = token.source;
      continue;
    }
    open.at(-1)!.children.push(node);
    if (token.kind === 'start') open.push(node);
  }
  return open.length === 1 ? root : null;
}

/** XML's own white space; a no-break space is content. */
const isBlank = ({ kind, source }: Node): boolean => kind === 'text' && /^[ \t\r\n]*$/.test(source);
/** Character data of any spelling: next to it, white space would be content. */
const isText = (node: Node): boolean =>
  (node.kind === 'text' && !isBlank(node)) || (node.kind === 'other' && node.source.startsWith('<![CDATA['));
const isElement = ({ kind }: Node): boolean => kind === 'start' || kind === 'empty';

const asWritten = (node: Node): string =>
  `${node.source}${node.children.map(asWritten).join('')}${node.close ?? ''}`;

function linesOf(node: Node, depth: number): string[] {
  const indent = '  '.repeat(depth);
  if (!node.children.some(isElement) || node.children.some(isText)) return [`${indent}${asWritten(node)}`];
  const inner = node.children
    .filter((child) => !isBlank(child))
    .flatMap((child) => linesOf(child, depth + 1));
  return [`${indent}${node.source}`, ...inner, `${indent}${node.close ?? ''}`];
}

/**
 * `xml` with one element a line. White space is put only between elements that have no text beside them; a text, however odd, stays what it is.
 * What cannot be told apart comes back as it was, and `indented` is false.
 */
export function indentXml(xml: string): { readonly text: string; readonly indented: boolean } {
  const tokens = tokensOf(xml);
  const root = tokens && treeOf(tokens);
  if (!root || root.children.some(isText)) return { text: xml, indented: false };
  const lines = root.children.filter((child) => !isBlank(child)).flatMap((child) => linesOf(child, 0));
  return { text: lines.join('\n'), indented: true };
}
