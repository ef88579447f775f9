import { RegistryError } from '../errors/registry-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Manifest, maxManifestBytes, parseManifest } from '../oci/manifest.ts';
import { verifyBytes } from '../streams/verify.ts';
import type { ImageSource, RequestOptions } from './image-source.ts';
import { on } from './sides.ts';

/** A manifest whose bytes are known to be those that its descriptor promises. */
export interface VerifiedManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
}

/** Reads manifests of one source, each once; they are kept until the copy ends, since they are written after all blobs. */
export interface ManifestReader {
  /**
   * @throws RegistryError `manifest-too-large`, `digest-mismatch`, `size-mismatch`, `media-type-mismatch`, `manifest-invalid`, …; and what the source throws
   */
  read(descriptor: Descriptor, options?: RequestOptions): Promise<VerifiedManifest>;
  /** Takes in a manifest that was made here, as if the source had it. */
  add(manifest: VerifiedManifest): void;
}

/** Manifests above manifests; the deepest made are indexes of indexes of images with referrers. */
export const maxDepth = 8;
/** Most bytes of all manifests of one copy: those of an index of ten thousand platforms. */
const maxGraphBytes = 64 * 1024 * 1024;

/** A reader over a source. Nothing of what the source says is believed before it was checked. */
export function createManifestReader(source: ImageSource): ManifestReader {
  const known = new Map<string, VerifiedManifest>();
  let total = 0;
  const read = async (descriptor: Descriptor, options?: RequestOptions): Promise<VerifiedManifest> => {
    const before = known.get(descriptor.digest);
    if (before !== undefined) {
      checkSame(descriptor, before.descriptor);
      return before;
    }
    if (descriptor.size > maxManifestBytes) {
      throw new RegistryError(
        'manifest-too-large',
        `Cannot copy manifest "${descriptor.digest}": it has ${descriptor.size} bytes, at most ${maxManifestBytes} are allowed`,
      );
    }
    const bytes = await source.manifest(descriptor, options);
    await verifyBytes(bytes, descriptor);
    const verified = { descriptor, bytes, manifest: parseNamed(bytes, descriptor, source.location) };
    total += bytes.byteLength;
    if (total > maxGraphBytes)
      throw new RegistryError(
        'manifest-too-large',
        `Cannot copy "${source.location}": its manifests have more than ${maxGraphBytes} bytes in all`,
      );
    known.set(descriptor.digest, verified);
    return verified;
  };
  return {
    read: (descriptor, options) => on('source', () => read(descriptor, options)),
    add: (manifest) => void known.set(manifest.descriptor.digest, manifest),
  };
}

/** As `parseManifest`, with an error that says which manifest it is. */
function parseNamed(bytes: Uint8Array, { digest, mediaType }: Descriptor, location: string): Manifest {
  try {
    return parseManifest(bytes, mediaType);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const details = { cause: error, hint: error.hint };
    throw new RegistryError(error.code, `Cannot copy manifest "${digest}" of "${location}": ${error.message}`, details);
  }
}

/**
 * Checks that a digest which is named twice is said to be the same thing both times.
 * @throws RegistryError `size-mismatch`, `media-type-mismatch`
 */
export function checkSame({ digest, size, mediaType }: Descriptor, known: Pick<Descriptor, 'size' | 'mediaType'>): void {
  const what = `Cannot copy manifest "${digest}": it is named with`;
  if (size !== known.size) throw new RegistryError('size-mismatch', `${what} ${size} and with ${known.size} bytes`, { side: 'source' });
  if (mediaType !== known.mediaType) {
    throw new RegistryError('media-type-mismatch', `${what} the media types "${mediaType}" and "${known.mediaType}"`, { side: 'source' });
  }
}
