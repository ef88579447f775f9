import { mediaTypes } from '../oci/media-types.ts';
import type { Digest } from '../oci/digest.ts';
import type { ObjectKey } from '../bucket/object-key.ts';
import { formatKey, registryRoot } from './keys.ts';
import { blobHeaders, documentHeaders } from './objects.ts';

/** What a file server must know of the format to send what a store would (`FileServerSite` of `bucket/directory` has this shape). */
export interface PublicSite {
  readonly prefix: ObjectKey;
  readonly prefixContentType: string;
  readonly contentTypes: readonly string[];
  /** A regular expression that Go and PCRE understand, without `^`. */
  readonly immutablePaths: string;
  readonly immutableCacheControl: string;
  readonly cacheControl: string;
}

/** Which keys are public, which content types occur, and what may be cached for good. */
export const publicSite: PublicSite = {
  prefix: formatKey({ kind: 'root' }),
  prefixContentType: documentHeaders().contentType ?? '',
  // The commonest first: servers look for them in this order.
  contentTypes: [
    mediaTypes.imageManifest,
    mediaTypes.imageIndex,
    mediaTypes.dockerManifest,
    mediaTypes.dockerManifestList,
    documentHeaders().contentType ?? '',
  ],
  immutablePaths: `/${registryRoot}.+/(blobs|manifests)/sha(256|512):[0-9a-f]+$`,
  immutableCacheControl: blobHeaders('sha256:' as Digest).cacheControl ?? '',
  cacheControl: documentHeaders().cacheControl ?? '',
};
