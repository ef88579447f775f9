import type { ObjectKey } from '../bucket/object-key.ts';
import { BucketError } from '../errors/bucket-error.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { blobHeaders } from '../layout/objects.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { ByteSource, ByteStream } from '../streams/byte-source.ts';
import { copyInParts } from './copy-blob.ts';
import type { RepositoryContext, RequestOptions } from './repository-context.ts';

type Content = Pick<Descriptor, 'digest' | 'size'>;

/** Up to here one copy is as quick as several that run side by side. */
const maxWholeCopyBytes = 64 * 1024 * 1024;

/** Lets the store copy the staged object to where readers look; says no where it cannot. */
export async function copyStaged(
  context: RepositoryContext,
  from: ObjectKey,
  to: ObjectKey,
  blob: Content,
  options: RequestOptions,
): Promise<boolean> {
  const { bucket } = context;
  const { maxCopyBytes } = bucket.abilities;
  const canCopyParts = bucket.multipart?.copyPart !== undefined;
  if (bucket.copy && blob.size <= (canCopyParts ? Math.min(maxWholeCopyBytes, maxCopyBytes) : maxCopyBytes)) {
    await bucket.copy(from, to, { ...blobHeaders(blob.digest), ...options });
  } else if (!(await copyInParts(context, from, to, blob, options))) return false;
  const size = (await bucket.head(to, options))?.size;
  if (size === blob.size) return true;
  throw new BucketError('response-invalid', `Cannot store blob "${blob.digest}": its copy has ${size ?? 'no'} bytes, ${blob.size} wanted`);
}

/** The staged object as a source, for a store that cannot copy. Whoever puts it verifies it. */
export function readBack({ bucket }: RepositoryContext, key: ObjectKey, { digest, size }: Content): ByteSource {
  async function* open({ signal }: RequestOptions = {}): ByteStream {
    const content = await bucket.get(key, { signal });
    if (!content) throw new RegistryError('blob-missing', `Cannot read blob "${digest}" back: what was staged of it is gone`);
    yield* content.body;
  }
  return { size, seekable: false, open };
}
