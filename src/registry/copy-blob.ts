import type { UploadedPart } from '../bucket/multipart-uploads.ts';
import { hasCode } from '../errors/coded-error.ts';
import { formatKey } from '../layout/keys.ts';
import { blobHeaders } from '../layout/objects.ts';
import { partSizeOf } from '../layout/part-size.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { type PartRange, planParts } from '../parallel/part-plan.ts';
import { mapConcurrently } from '../streams/concurrency.ts';
import type { RepositoryContext, RequestOptions } from './repository-context.ts';

/**
 * Lets the store copy a blob from another repository of the same bucket: no byte comes through here, and what results is an object of its own, never a link. Whoever made
 * the blob visible there has checked its digest; here its size is compared before and after.
 * @returns whether the blob is now there; `false` where the store cannot copy, or has no such blob there
 */
export async function copyBlob(
  context: RepositoryContext,
  from: RepositoryName,
  blob: Descriptor,
  options: RequestOptions = {},
): Promise<boolean> {
  const { bucket, name } = context;
  const [fromKey, key] = [from, name].map((repository) => formatKey({ kind: 'blob', name: repository, digest: blob.digest }));
  if (fromKey === undefined || key === undefined || fromKey === key) return false;
  const hasSize = async (where: typeof key): Promise<boolean> => (await bucket.head(where, options))?.size === blob.size;
  if (!bucket.copy || !(await hasSize(fromKey))) return false;
  try {
    if (blob.size <= bucket.abilities.maxCopyBytes) await bucket.copy(fromKey, key, { ...blobHeaders(blob.digest), ...options });
    else if (!(await copyInParts(context, fromKey, key, blob, options))) return false;
  } catch (error) {
    if (!hasCode(error, 'object-missing', 'operation-unsupported')) throw error;
    return false;
  }
  return hasSize(key);
}

type Key = ReturnType<typeof formatKey>;

/** Copies an object in parts, side by side; says no where the store cannot. What breaks off is an unfinished upload like any other: the next push continues it. */
export async function copyInParts(
  { bucket, connections }: RepositoryContext,
  from: Key,
  to: Key,
  blob: Pick<Descriptor, 'digest' | 'size'>,
  options: RequestOptions,
): Promise<boolean> {
  const { multipart } = bucket;
  const copyPart = multipart?.copyPart?.bind(multipart);
  if (!multipart || !copyPart) return false;
  const partSize = partSizeOf(blob.size) ?? blob.size;
  const upload = await multipart.create(to, { ...blobHeaders(blob.digest), size: blob.size, partSize, ...options });
  const copyOne = (range: PartRange, signal: AbortSignal): Promise<UploadedPart> =>
    connections.run(() => copyPart(upload, range.partNumber, from, range, { signal }), { signal });
  const parts = await mapConcurrently(planParts(blob.size, partSize), Infinity, copyOne, options.signal);
  await multipart.complete(upload, parts, options);
  return true;
}
