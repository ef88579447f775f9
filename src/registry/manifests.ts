import type { ObjectInfo } from '../bucket/bucket.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { formatKey } from '../layout/keys.ts';
import { digestMetadataName, manifestHeaders } from '../layout/objects.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestAlgorithm, digestEncoded, isDigest } from '../oci/digest.ts';
import { type Manifest, parseManifest } from '../oci/manifest.ts';
import type { Tag } from '../oci/repository-name.ts';
import { digestHex } from '../streams/hasher.ts';
import type { RepositoryContext, RequestOptions } from './repository-context.ts';
import { readObject, writeObject } from './small-objects.ts';

/** A manifest with the bytes that its digest is of. */
export interface StoredManifest {
  /** Media type by the bytes, digest, size. */
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
}

/** The manifests of one repository, under their digests; they never change. */
export interface Manifests {
  /** Whether a manifest is there, with the size that its descriptor says. */
  has(manifest: Pick<Descriptor, 'digest' | 'size'>, options?: RequestOptions): Promise<boolean>;
  /** Whether anything is under a digest, be it damaged. */
  isThere(digest: Digest, options?: RequestOptions): Promise<boolean>;
  /**
   * Reads a manifest, at most 4 MiB of it; by digest only the very bytes of that digest.
   * @returns undefined where there is none
   * @throws RegistryError `digest-mismatch`, `manifest-too-large`, `manifest-invalid`, …
   */
  get(reference: Digest | Tag, options?: RequestOptions): Promise<StoredManifest | undefined>;
  /**
   * Stores a manifest under its digest; the same again is as good, and makes it young in the eyes of collection. What it names must be there.
   * @throws RegistryError `digest-mismatch`, `manifest-invalid`, …
   */
  put(digest: Digest, bytes: Uint8Array, options?: RequestOptions): Promise<StoredManifest>;
}

/** The manifests of a repository. */
export function createManifests({ bucket, name }: RepositoryContext): Manifests {
  const keyOf = (reference: Digest | Tag) =>
    formatKey(isDigest(reference) ? { kind: 'manifest', name, digest: reference } : { kind: 'tag', name, tag: reference });
  return {
    async has({ digest, size }, options = {}) {
      return (await bucket.head(keyOf(digest), options))?.size === size;
    },
    isThere: async (digest, options = {}) => (await bucket.head(keyOf(digest), options)) !== undefined,
    async get(reference, options = {}) {
      const stored = await readObject(bucket, keyOf(reference), options);
      if (!stored) return undefined;
      const digest = isDigest(reference) ? reference : digestOf(stored.bytes, stored.info);
      return describe(digest, stored.bytes);
    },
    async put(digest, bytes, options = {}) {
      const stored = describe(digest, bytes);
      await writeObject(bucket, keyOf(digest), bytes, { ...manifestHeaders(stored.manifest, digest), ...options });
      return stored;
    },
  };
}

/** Checks the digest, then reads what the bytes say. */
function describe(digest: Digest, bytes: Uint8Array): StoredManifest {
  const algorithm = digestAlgorithm(digest);
  const found = digestHex(algorithm, bytes);
  if (found !== digestEncoded(digest)) {
    throw new RegistryError(
      'digest-mismatch',
      `Cannot accept manifest "${digest}": its ${bytes.byteLength} bytes have the digest "${algorithm}:${found}"`,
    );
  }
  const manifest = parseManifest(bytes);
  return { descriptor: { mediaType: manifest.mediaType, digest, size: bytes.byteLength }, manifest, bytes };
}

/** The digest of what a tag names: of the algorithm that the tag's writer recorded, if that is the truth, else of SHA-256. */
function digestOf(bytes: Uint8Array, { metadata }: ObjectInfo): Digest {
  const recorded = metadata[digestMetadataName] ?? '';
  const isTrue = isDigest(recorded) && digestHex(digestAlgorithm(recorded), bytes) === digestEncoded(recorded);
  return isTrue ? recorded : (`sha256:${digestHex('sha256', bytes)}` as Digest);
}
