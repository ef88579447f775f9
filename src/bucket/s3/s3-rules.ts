import { checkedDocument } from './document-body.ts';
import type { S3Client } from './s3-client.ts';
import { hasS3Code } from './s3-errors.ts';
import {
  childElements,
  childText,
  copyElement,
  formatElement,
  parseS3Xml,
  s3Namespace,
  type XmlElement,
  type XmlFragment,
} from './s3-xml.ts';
import { readAll } from '../../streams/read-all.ts';

/** A bucket's settings that are lists of rules, each with an ID. */
const documents = {
  lifecycle: { root: 'LifecycleConfiguration', rule: 'Rule', absent: 'NoSuchLifecycleConfiguration' },
  cors: { root: 'CORSConfiguration', rule: 'CORSRule', absent: 'NoSuchCORSConfiguration' },
} as const;

/** Belongs to a lifecycle as a whole, though it is a header: who puts the document without it, resets it. */
const minimumSizeHeader = 'x-amz-transition-default-minimum-object-size';

const maxDocumentBytes = 1024 * 1024;

interface CurrentRules {
  readonly rules: readonly XmlElement[];
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sets one rule beside those that are there, in the place of the one with its ID. S3 knows no conditions here: of two who set rules at once, the last one wins.
 * @param createContent makes the rule's content, of which the ID is given
 */
export async function putRule(
  client: S3Client,
  setting: keyof typeof documents,
  id: string,
  signal: AbortSignal | undefined,
  createContent: (id: XmlFragment) => readonly XmlFragment[],
): Promise<void> {
  const { root, rule } = documents[setting];
  const current = await readRules(client, setting, signal);
  const others = current.rules.filter((other) => childText(other, 'ID') !== id).map(copyElement);
  const ours = formatElement(rule, createContent(formatElement('ID', id)));
  const document = checkedDocument(formatElement(root, [...others, ours], s3Namespace));
  const headers = { ...document.headers, ...current.headers };
  await client.sendForHeaders({
    action: `set the ${setting} rules`,
    method: 'PUT',
    query: { [setting]: '' },
    ...document,
    headers,
    signal,
  });
}

/** The rules that are there, each as it stands. */
export async function readRules(client: S3Client, setting: keyof typeof documents, signal: AbortSignal | undefined): Promise<CurrentRules> {
  const { rule, absent } = documents[setting];
  const action = `read the ${setting} rules`;
  try {
    const response = await client.send({ action, method: 'GET', query: { [setting]: '' }, signal });
    const bytes = await readAll(response.body, maxDocumentBytes, `the ${setting} rules`);
    const rules = childElements(parseS3Xml(new TextDecoder().decode(bytes), action), rule);
    const minimumSize = response.headers[minimumSizeHeader];
    return { rules, headers: minimumSize === undefined ? {} : { [minimumSizeHeader]: minimumSize } };
  } catch (error) {
    if (hasS3Code(error, absent)) return { rules: [], headers: {} };
    throw error;
  }
}
