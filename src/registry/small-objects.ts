import type { Bucket, ETag, ObjectHeaders, ObjectInfo, WriteCondition } from '../bucket/bucket.ts';
import type { ObjectKey } from '../bucket/object-key.ts';
import { hasCode } from '../errors/coded-error.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { maxManifestBytes } from '../oci/manifest.ts';
import { bytesSource } from '../streams/byte-source.ts';
import type { Clock } from '../streams/clock.ts';
import { digestHex } from '../streams/hasher.ts';
import { readAll } from '../streams/read-all.ts';
import type { RequestOptions } from './repository-context.ts';

/*
 * Manifests, lists and markers: objects that are read and written whole, never more than some MiB.
 */

/** An object's bytes with what the store says of it. */
export interface SmallObject {
  readonly bytes: Uint8Array;
  readonly info: ObjectInfo;
}

/** Tag lists and catalogs may name many; a list of 100,000 tags of 128 characters has 13 MiB. */
export const maxDocumentBytes: number = 64 * 1024 * 1024;

/**
 * Reads an object whole.
 * @returns undefined where there is none
 * @throws RegistryError `manifest-too-large` when it has more than `maxBytes`
 */
export async function readObject(
  bucket: Bucket,
  key: ObjectKey,
  { signal, maxBytes = maxManifestBytes }: RequestOptions & { readonly maxBytes?: number } = {},
): Promise<SmallObject | undefined> {
  const content = await bucket.get(key, { signal });
  if (!content) return undefined;
  const { body, size } = content;
  try {
    return { bytes: await readAll(body, maxBytes, `"${key}"`), info: content };
  } catch (error) {
    if (!hasCode(error, 'size-mismatch')) throw error;
    throw new RegistryError('manifest-too-large', `Cannot read "${key}": it has ${size} bytes, at most ${maxBytes} are allowed`);
  }
}

/** Writes an object whole, with the checksum by which the store sees that it got these bytes. */
export async function writeObject(
  bucket: Bucket,
  key: ObjectKey,
  bytes: Uint8Array,
  options: ObjectHeaders & WriteCondition & RequestOptions,
): Promise<{ readonly etag: ETag }> {
  return bucket.put(key, bytesSource(bytes), { ...options, sha256: digestHex('sha256', bytes) });
}

/** How often a create-only write is tried while somebody else's is under way, which may yet fail, and the pause between. */
const maxTries = 5;
const pauseMs = 200;

/**
 * Writes an object that is the same whoever writes it, unless it is there.
 * @param options `isProbablyNew`: the store is not asked before, where its conditions are atomic
 * @returns whether this call wrote it; where the store has no conditions, two may both have
 */
export async function writeOnce(
  bucket: Bucket,
  key: ObjectKey,
  bytes: Uint8Array,
  clock: Clock,
  { isProbablyNew = false, ...options }: ObjectHeaders & RequestOptions & { readonly isProbablyNew?: boolean | undefined },
): Promise<boolean> {
  const isAtomic = bucket.abilities.conditionalPut === 'atomic';
  const condition: WriteCondition = isAtomic ? { ifNoneMatch: '*' } : {};
  for (let round = isProbablyNew && isAtomic ? 0 : 1; ; round += 1) {
    if (round > 0 && (await bucket.head(key, { signal: options.signal }))) return false;
    try {
      await writeObject(bucket, key, bytes, { ...options, ...condition });
      return true;
    } catch (error) {
      if (round === maxTries || !hasCode(error, 'precondition-failed', 'write-conflict')) throw error;
    }
    if (round > 0) await clock.sleep(pauseMs, options.signal);
  }
}

/** Whether two bodies are the same, byte for byte. */
export function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, index) => byte === b[index]);
}
