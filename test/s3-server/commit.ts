import { createHash, randomBytes } from 'node:crypto';
import { bucketOf, keyOf, type Call } from './call.ts';
import { checkWriteConditions } from './conditions.ts';
import { S3Error } from './errors.ts';
import type { StoredObject } from './store.ts';

/** Headers of a PUT that come back with a GET, as they were. */
const KEPT_HEADERS = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
  'x-amz-website-redirect-location',
];
const MAX_METADATA_BYTES = 2048;

type Headers = Readonly<Record<string, string>>;

/** The entity tag of bytes that came in one piece: their MD5, or what the store likes. */
export function formatEtag({ service }: Pick<Call, 'service'>, bytes: Uint8Array): string {
  if (service.personality.etags === 'opaque') return `"${randomBytes(16).toString('hex')}"`;
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

/** The headers that an object keeps of the request that created it. */
export function keepHeaders(headers: Headers): Record<string, string> {
  const isMetadata = (name: string): boolean => name.startsWith('x-amz-meta-');
  const kept = Object.entries(headers).filter(([name]) => KEPT_HEADERS.includes(name) || isMetadata(name));
  const metadata = kept.filter(([name]) => isMetadata(name));
  const metadataBytes = metadata.reduce((sum, [name, value]) => sum + name.length - 'x-amz-meta-'.length + value.length, 0);
  if (metadataBytes > MAX_METADATA_BYTES) throw new S3Error('MetadataTooLarge');
  return { 'content-type': 'binary/octet-stream', ...Object.fromEntries(kept) };
}

function checkWriteRate(call: Call): void {
  const { personality, now } = call.service;
  const lastMs = bucketOf(call).get(keyOf(call))?.modifiedMs;
  if (lastMs !== undefined && now() - lastMs < personality.keyWriteIntervalMs) throw new S3Error('TooManyRequests');
}

/**
 * Decides a write's conditions and carries it out. Nothing is awaited between, which makes it atomic. The store's
 * rate is asked first: one that is exceeded says nothing of the conditions.
 */
export function commitObject(call: Call, object: Omit<StoredObject, 'modifiedMs'>): StoredObject {
  checkWriteRate(call);
  checkWriteConditions(call);
  const stored = { ...object, modifiedMs: call.service.now() };
  bucketOf(call).put(keyOf(call), stored);
  return stored;
}
