import * as v from 'valibot';
import { RegistryError } from '../errors/registry-error.ts';
import { type Digest, isDigest } from '../oci/digest.ts';

/** JSON of the format as bytes: no white space, members in the order given, strings escaped as ECMAScript's `JSON.stringify` (RFC 8785, 3.2.2.2). */
export function formatDocument(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/**
 * Reads JSON of the format. Members that the schema does not name are left out: a later minor revision may add some.
 * @param what named in the error, such as "the tag list"
 * @throws RegistryError `format-invalid`
 */
export function parseDocument<S extends v.GenericSchema>(schema: S, bytes: Uint8Array, what: string): v.InferOutput<S> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw new RegistryError('format-invalid', `Cannot read ${what}: it is not JSON in UTF-8`, { cause: error });
  }
  const result = v.safeParse(schema, json, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new RegistryError(
    'format-invalid',
    `Cannot read ${what}: at "${(v.getDotPath(issue) ?? '(root)').slice(0, 200)}": ${issue.message.slice(0, 300)}`,
  );
}

/** A digest inside a document. */
export const digestSchema: v.GenericSchema<unknown, Digest> = v.custom<Digest>(
  (value) => typeof value === 'string' && isDigest(value),
  'not a digest of sha256 or sha512',
);

/** Sorts names as the format lists them: by bytes (they are all ASCII), each once. */
export function sortNames<T extends string>(names: Iterable<T>): T[] {
  return [...new Set(names)].toSorted((a, b) => (a < b ? -1 : 1));
}
