import { parseXml, XmlElement } from '@rgrove/parse-xml';
import { S3Error } from './errors.ts';

/** A finished piece of markup, so that text can never be mistaken for it. */
export interface Markup {
  readonly markup: string;
}

type Content = Markup | string | number | boolean | undefined;

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Control characters become references, which XML 1.0 forbids and S3 sends nonetheless. */
function escapeText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[&<>"\u0000-\u001f]/g, (char) => ENTITIES[char] ?? `&#x${char.charCodeAt(0).toString(16)};`);
}

function formatContent(content: Content): string {
  if (content === undefined) return '';
  return typeof content === 'object' ? content.markup : escapeText(String(content));
}

/** One element; content that is `undefined` leaves nothing behind. */
export function element(name: string, ...content: readonly Content[]): Markup {
  return { markup: `<${name}>${content.map(formatContent).join('')}</${name}>` };
}

/** An element only where there is something to say. */
export function optionalElement(name: string, content: Content): Markup | undefined {
  return content === undefined || content === '' ? undefined : element(name, content);
}

/** A whole document in S3's namespace. */
export function formatDocument(root: string, ...content: readonly Content[]): Buffer {
  const inner = content.map(formatContent).join('');
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">${inner}</${root}>`);
}

/** An error document, which S3 writes without a namespace. */
export function formatErrorDocument(...content: readonly Content[]): Buffer {
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${element('Error', ...content).markup}`);
}

/** The root of a request's body, with or without a namespace; `MalformedXML` where it is another one. */
export function parseDocument(body: Buffer, root: string): XmlElement {
  let found: XmlElement | null;
  try {
    found = parseXml(body.toString()).root;
  } catch (error) {
    throw new S3Error('MalformedXML', error instanceof Error ? error.message.split('\n')[0] : undefined);
  }
  if (found?.name !== root) throw new S3Error('MalformedXML', `Found <${found?.name}>, wanted <${root}>`);
  return found;
}

/** The direct children of one name. */
export function childrenOf(parent: XmlElement, name: string): XmlElement[] {
  return parent.children.filter((child) => child instanceof XmlElement).filter((child) => child.name === name);
}

/** The trimmed text of the first child of this name. */
export function textOf(parent: XmlElement, name: string): string | undefined {
  return childrenOf(parent, name)[0]?.text.trim();
}
