import { parseXml, XmlElement, XmlText } from '@rgrove/parse-xml';
import { BucketError } from '../../errors/bucket-error.ts';

export type { XmlElement } from '@rgrove/parse-xml';

/**
 * Reads a document of S3's.
 * @param action what was being done, for the error: `list objects`
 * @throws BucketError `response-invalid` where it is no XML
 */
export function parseS3Xml(text: string, action: string): XmlElement {
  try {
    const { root } = parseXml(text);
    if (root) return root;
  } catch (error) {
    throw new BucketError('response-invalid', `Cannot ${action}: the store's answer is not well-formed XML`, { cause: error });
  }
  throw new BucketError('response-invalid', `Cannot ${action}: the store's answer is empty`);
}

/** The child elements of one name, in order. */
export function childElements(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child): child is XmlElement => child instanceof XmlElement && child.name === name);
}

/** The text of the first child of a name, without that of elements in it, however deep they are nested; undefined where there is none. */
export function childText(element: XmlElement, name: string): string | undefined {
  const texts = childElements(element, name)[0]?.children.map((child) => (child instanceof XmlText ? child.text : ''));
  return texts?.join('');
}

/**
 * As `childText`, where there must be one.
 * @throws BucketError `response-invalid`
 */
export function requireText(element: XmlElement, name: string, action: string): string {
  const text = childText(element, name);
  if (text === undefined) throw new BucketError('response-invalid', `Cannot ${action}: the store's <${element.name}> has no <${name}>`);
  return text;
}

/** Builds an element of texts and of elements built before. */
export function formatElement(name: string, content: string | readonly XmlFragment[], namespace?: string): XmlFragment {
  const attributes = namespace === undefined ? '' : ` xmlns="${escapeXml(namespace)}"`;
  const inner = typeof content === 'string' ? escapeXml(content) : content.map(({ xml }) => xml).join('');
  return { xml: `<${name}${attributes}>${inner}</${name}>` };
}

/** Text that is XML already, apart from text that is not. */
export interface XmlFragment {
  readonly xml: string;
}

/** S3's own namespace, which some stores insist on. */
export const s3Namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** Writes an element again that was read: for the parts of a document that are not ours to change. */
export function copyElement(element: XmlElement): XmlFragment {
  const attributes = Object.entries(element.attributes).map(([name, value]) => ` ${name}="${escapeXml(value)}"`);
  const inner = element.children.map((child) => {
    if (child instanceof XmlElement) return copyElement(child).xml;
    return child instanceof XmlText ? escapeXml(child.text) : '';
  });
  return { xml: `<${element.name}${attributes.join('')}>${inner.join('')}</${element.name}>` };
}

/** Carriage returns would be read as line feeds if they were not escaped. */
const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };

function escapeXml(text: string): string {
  return text.replace(/[&<>"\r]/g, (character) => escapes[character] ?? character);
}
