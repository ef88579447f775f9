import type { ObjectHeaders } from '../bucket/bucket.ts';
import type { Digest } from '../oci/digest.ts';
import type { Manifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';

/*
 * The headers that are stored with each kind of object, and that a store sends to whoever reads it. There is never a `Content-Encoding`: clients would decode it, and the
 * digest would no longer fit.
 */

/** Name of the user metadata (`x-amz-meta-…`) that holds the digest of the bytes, so that an edge rule can send it as `Docker-Content-Digest`. */
export const digestMetadataName = 'docker-content-digest';

/** Bytes that are named by their digest never change; `no-transform` keeps proxies from recompressing them. */
const immutable = 'public, max-age=31536000, immutable, no-transform';
/** What may change is asked for again each time (an ETag makes that cheap). */
const revalidated = 'no-cache';

/** Headers of a blob. */
export function blobHeaders(digest: Digest): ObjectHeaders {
  return { contentType: 'application/octet-stream', cacheControl: immutable, metadata: { [digestMetadataName]: digest } };
}

/** Headers of a manifest under its digest. The content type is what its bytes say (`parseManifest`), never what a client claimed. */
export function manifestHeaders(manifest: Pick<Manifest, 'mediaType'>, digest: Digest): ObjectHeaders {
  return { contentType: manifest.mediaType, cacheControl: immutable, metadata: { [digestMetadataName]: digest } };
}

/** Headers of the same bytes under a tag. */
export function tagHeaders(manifest: Pick<Manifest, 'mediaType'>, digest: Digest): ObjectHeaders {
  return { ...manifestHeaders(manifest, digest), cacheControl: revalidated };
}

/** Headers of an index of referrers, both under its subject's digest and under the fallback tag. `digest` is that of the index itself. */
export function referrersHeaders(digest: Digest): ObjectHeaders {
  return tagHeaders({ mediaType: mediaTypes.imageIndex }, digest);
}

/** Headers of everything that is JSON and not named by its digest: `v2/`, the tag list, the catalog, the format, markers, recipes and the state of collection. */
export function documentHeaders(): ObjectHeaders {
  return { contentType: 'application/json', cacheControl: revalidated };
}

/** Headers of a staged blob, which nobody but its writer reads. */
export function stagingHeaders(): ObjectHeaders {
  return { contentType: 'application/octet-stream', cacheControl: 'no-store' };
}
