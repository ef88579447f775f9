import type { RepositoryName } from '../oci/repository-name.ts';
import type { Repository } from '../registry/repository.ts';
import type { ImageTarget } from '../transfer/image-target.ts';

/**
 * The same target, but that blobs which another repository of its bucket has are copied by the store: none of their bytes comes through here. Those that it cannot copy are sent as
 * ever.
 */
export function copyBlobsFrom(from: RepositoryName, target: ImageTarget, repository: Repository): ImageTarget {
  const openSibling = target.openSibling?.bind(target);
  return {
    ...target,
    async begin(options) {
      const writer = await target.begin(options);
      return {
        ...writer,
        async putBlob(blob, bytes, put = {}) {
          if (!(await repository.blobs.copyFrom(from, blob, { signal: put.signal }))) await writer.putBlob(blob, bytes, put);
        },
      };
    },
    ...(openSibling && { openSibling: (tag) => copyBlobsFrom(from, openSibling(tag), repository) }),
  };
}
