import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { RegistryError } from '../errors/registry-error.ts';

/** A place within a document: names of members and numbers of items. */
export type YamlPath = readonly (string | number)[];

/** A YAML file whose mistakes are told with their lines. */
export interface YamlFile {
  /** As JSON would have it. */
  readonly value: unknown;
  /** The error for what stands at a place, or nearest to it. */
  mistake(path: YamlPath, why: string, cause?: unknown): RegistryError;
}

const maxFileBytes = 8 * 1024 * 1024;

/**
 * Reads a file as YAML 1.2.
 * @param name as messages name it
 * @throws RegistryError `input-invalid`
 */
export function parseYaml(text: string, name: string): YamlFile {
  if (text.length > maxFileBytes) throw new RegistryError('input-invalid', `Cannot read "${name}": it has more than ${maxFileBytes} bytes`);
  const counter = new LineCounter();
  // What it warns of stands in `warnings`; left to itself it would tell Node's standard error, too
  const document = parseDocument(text, { version: '1.2', lineCounter: counter, prettyErrors: false, logLevel: 'error' });
  const fail = (offset: number, why: string, cause?: unknown): RegistryError =>
    new RegistryError('input-invalid', `Cannot read "${name}": line ${counter.linePos(offset).line}: ${why}`, { cause });
  const [error] = document.errors;
  if (error) throw fail(error.pos[0], error.message.split('\n')[0] ?? 'it is not YAML');
  const [warning] = document.warnings;
  if (warning) throw fail(warning.pos[0], warning.message.split('\n')[0] ?? 'it is not YAML');
  return {
    value: toValue(document, fail),
    mistake: (path, why, cause) => fail(offsetOf(document, path), why, cause),
  };
}

function toValue(document: Document.Parsed, fail: (offset: number, why: string, cause: unknown) => RegistryError): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw fail(0, 'its aliases cannot be resolved', error);
  }
}

/** Where a place begins: a member at its name. */
function offsetOf(document: Document.Parsed, path: YamlPath): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => (isScalar(key) ? key.value : key) === step);
      if (pair === undefined) break;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}
