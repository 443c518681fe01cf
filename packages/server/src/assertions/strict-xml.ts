/**
 * XML as an assertion has to be: small, plain and the same to every reader. What makes two readers see two documents (a DTD, entities, comments,
 * CDATA, processing instructions) is refused before any of it is parsed (RFC 7522 §7, attacks on XML signatures by wrapping).
 */

/** An element with what is in it, without anything that could be read in two ways. */
export interface XmlElement {
  readonly namespace: string;
  readonly name: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlElement[];
  /** All text directly in it; undefined where there are elements too. */
  readonly text: string | undefined;
  readonly node: Element;
}

export interface XmlAttribute {
  /** '' for none. */
  readonly namespace: string;
  readonly name: string;
  readonly value: string;
}

const MAX_ELEMENTS = 1_000;
const MAX_DEPTH = 40;
const DECLARATION = /^<\?xml version="1\.0"(?: encoding="(?:utf|UTF)-8")?(?: standalone="(?:yes|no)")?\?>\s*/;

/** The root of a document; a reason where it is none that we read. The parser is loaded at the first use. */
export async function readXml(text: string): Promise<XmlElement | string> {
  const body = text.replace(DECLARATION, '');
  if (body.includes('<!')) return 'it has a DTD, a comment or CDATA';
  if (body.includes('<?')) return 'it has a processing instruction';
  if (/[^\P{Cc}\t\n\r]|[\ufffe\uffff]/u.test(body)) return 'it has a character that XML does not have';
  const { DOMParser } = await import('@xmldom/xmldom');
  const fail = (): never => {
    throw new SyntaxError('not well-formed');
  };
  try {
    const document = new DOMParser({ errorHandler: { warning: fail, error: fail, fatalError: fail } }).parseFromString(body, 'text/xml');
    const roots = [...nodesOf(document)].filter(({ nodeType }) => nodeType === ELEMENT);
    const root = document.documentElement;
    if (roots.length !== 1 || root === null) return 'it is no document';
    return readElement(root, { elements: 0 }, 1) ?? 'it is too large, or holds what an assertion does not';
  } catch {
    return 'it is not well-formed';
  }
}

/** Every element of a tree, itself first. */
export function* elementsOf(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) yield* elementsOf(child);
}

/** The children of that name. */
export function childrenOf(element: XmlElement, namespace: string, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.namespace === namespace && child.name === name);
}

/** The only child of that name; undefined where there is none, or more than one. */
export function onlyChild(element: XmlElement | undefined, namespace: string, name: string): XmlElement | undefined {
  const found = element === undefined ? [] : childrenOf(element, namespace, name);
  return found.length === 1 ? found[0] : undefined;
}

/** An attribute without a namespace. */
export function attributeOf(element: XmlElement | undefined, name: string): string | undefined {
  return element?.attributes.find((attribute) => attribute.namespace === '' && attribute.name === name)?.value;
}

const ELEMENT = 1;
const TEXT = 3;

function readElement(node: Element, seen: { elements: number }, depth: number): XmlElement | undefined {
  seen.elements += 1;
  if (seen.elements > MAX_ELEMENTS || depth > MAX_DEPTH || node.localName === null) return undefined;
  const children: XmlElement[] = [];
  let text = '';
  for (const child of nodesOf(node)) {
    if (child.nodeType === TEXT) text += child.nodeValue ?? '';
    else {
      const read = child.nodeType === ELEMENT ? readElement(child as Element, seen, depth + 1) : undefined;
      if (read === undefined) return undefined;
      children.push(read);
    }
  }
  const attributes = Array.from({ length: node.attributes.length }, (_, at) => node.attributes.item(at)).flatMap((attribute) =>
    attribute === null ? [] : [{ namespace: attribute.namespaceURI ?? '', name: attribute.localName, value: attribute.value }],
  );
  return {
    namespace: node.namespaceURI ?? '',
    name: node.localName,
    attributes,
    children,
    text: children.length === 0 ? text : undefined,
    node,
  };
}

function* nodesOf(node: Node): Generator<Node> {
  for (let child = node.firstChild; child !== null; child = child.nextSibling) yield child;
}
