import { throwIfAborted } from '../errors/registry-error.ts';
import { partSizeOf } from '../layout/part-size.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Repository } from '../registry/repository.ts';
import { createGate } from '../streams/gate.ts';
import type { ImageTarget, ImageWriter } from '../transfer/image-target.ts';

/** Which blobs a process knows to lie in a bucket, and in which of its repositories. */
export interface SharedBlobs {
  /**
   * The same target, but that a blob which another repository of the bucket has is copied by the store, and one that somebody else here is just sending is waited for: images that
   * have layers in common fetch and send each of them once.
   */
  share(target: ImageTarget, repository: Repository): ImageTarget;
}

/** Most blobs that are remembered; what is forgotten is sent again, no more. */
const maxKnown = 200_000;

/** Blobs that are sent in parts at once, of all images: each has buffers of its own on its way from the registry, over one connection. */
const maxLarge = 8;

/** For all images that go into one bucket. */
export function createSharedBlobs(): SharedBlobs {
  const large = createGate(maxLarge);
  const known = new Map<string, Repository>();
  const sending = new Map<string, Promise<unknown>>();

  const remember = ({ digest }: Descriptor, repository: Repository): void => {
    if (known.size < maxKnown) known.set(digest, repository);
  };

  /** Whether the blob is in the repository now, for what others did. */
  const take = async (blob: Descriptor, repository: Repository, signal: AbortSignal | undefined): Promise<boolean> => {
    const from = known.get(blob.digest);
    if (from === undefined) return false;
    return from.name === repository.name ? repository.blobs.has(blob, { signal }) : repository.blobs.copyFrom(from.name, blob, { signal });
  };

  const putBlob =
    (writer: ImageWriter, repository: Repository): ImageWriter['putBlob'] =>
    async (blob, bytes, options = {}) => {
      const { signal } = options;
      for (let other = sending.get(blob.digest); other !== undefined; other = sending.get(blob.digest)) await waitFor(other, signal);
      const send = (): Promise<void> => writer.putBlob(blob, bytes, options);
      const sendInTurn = (): Promise<void> => (partSizeOf(blob.size) === undefined ? send() : large.run(send, signal));
      const run = take(blob, repository, signal).then((isThere) => (isThere ? undefined : sendInTurn()));
      sending.set(blob.digest, run);
      try {
        await run;
        remember(blob, repository);
      } finally {
        sending.delete(blob.digest);
      }
    };

  const shareWriter = (writer: ImageWriter, repository: Repository): ImageWriter => ({
    ...writer,
    async hasBlob(blob, options) {
      const isThere = await writer.hasBlob(blob, options);
      if (isThere) remember(blob, repository);
      return isThere;
    },
    putBlob: putBlob(writer, repository),
  });

  return {
    share: (target, repository) => ({ ...target, begin: async (options) => shareWriter(await target.begin(options), repository) }),
  };
}

/** Waits until somebody else's blob is there or has failed, which is theirs to tell. */
async function waitFor(other: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  const stopped = Promise.withResolvers<void>();
  const onAbort = (): void => stopped.resolve();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([other.catch(() => undefined), stopped.promise]);
    throwIfAborted(signal);
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}
