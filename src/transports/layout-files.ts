import { RegistryError } from '../errors/registry-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestAlgorithm, digestEncoded } from '../oci/digest.ts';
import type { ByteSource } from '../streams/byte-source.ts';

/** The files of an image layout, in a folder or in an archive, by their names with `/`. */
export interface LayoutFiles {
  /** As the user wrote it; for messages. */
  readonly location: string;
  /** A file's bytes; undefined where there is none. */
  find(name: string): Promise<ByteSource | undefined>;
  close(): Promise<void>;
}

/** Where a layout keeps content (image-spec image-layout.md, "Blobs"): manifests too. */
export function blobFileName(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestEncoded(digest)}`;
}

/**
 * A blob of a layout, with the size that its descriptor says. Looked for only when it is read.
 * Reading throws RegistryError `blob-missing`, `size-mismatch`.
 */
export function layoutBlob(files: LayoutFiles, blob: Descriptor): ByteSource {
  return {
    size: blob.size,
    seekable: true,
    findFile: async () => (await files.find(blobFileName(blob.digest)))?.findFile?.(),
    async *open(options = {}) {
      const file = await files.find(blobFileName(blob.digest));
      if (!file) throw new RegistryError('blob-missing', `Cannot read blob "${blob.digest}": it is not in "${files.location}"`);
      if (file.size !== blob.size) {
        throw new RegistryError(
          'size-mismatch',
          `Cannot read blob "${blob.digest}" of "${files.location}": it has ${file.size} bytes, ${blob.size} wanted`,
        );
      }
      yield* file.open(options);
    },
  };
}
