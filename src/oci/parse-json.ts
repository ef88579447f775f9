import * as v from 'valibot';
import { RegistryError } from '../errors/registry-error.ts';

/**
 * Reads bytes as UTF-8 JSON, never more than `maxBytes`. A byte order mark, which some clients skip and others refuse, is refused.
 * @param what named in the error, such as "an image config"
 * @throws RegistryError `manifest-too-large`, `manifest-invalid`
 */
export function parseJson(bytes: Uint8Array, maxBytes: number, what: string): unknown {
  if (bytes.byteLength > maxBytes) {
    throw new RegistryError('manifest-too-large', `Cannot take ${what} of ${bytes.byteLength} bytes: at most ${maxBytes} are allowed`);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw new RegistryError('manifest-invalid', `Cannot read ${what}: it is not JSON in UTF-8`, { cause: error });
  }
}

/** As `parseJson`, for what must be an object. */
export function parseJsonObject(bytes: Uint8Array, maxBytes: number, what: string): Readonly<Record<string, unknown>> {
  const json = parseJson(bytes, maxBytes, what);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new RegistryError('manifest-invalid', `Cannot read ${what}: wanted a JSON object`);
  }
  return json as Readonly<Record<string, unknown>>;
}

/**
 * Checks JSON against a schema; the error names the first member that does not fit.
 * @throws RegistryError `manifest-invalid`
 */
export function validateJson<S extends v.GenericSchema>(schema: S, json: unknown, what: string): v.InferOutput<S> {
  const result = v.safeParse(schema, json, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? '(root)';
  throw new RegistryError('manifest-invalid', `Cannot read ${what}: at "${path.slice(0, 200)}": ${issue.message.slice(0, 300)}`);
}
