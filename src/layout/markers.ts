import { descriptorSchema } from '../oci/descriptor.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { formatDocument, parseDocument } from './document.ts';
import { formatReferrer, pickReferrer, type Referrer } from './referrers-index.ts';

/** Body of `_repository`: only that the key is there counts; it names the repository for people. */
export function formatRepositoryMarker(name: RepositoryName): Uint8Array {
  return formatDocument({ name });
}

/** Body of a referrer's marker: its descriptor as the index of referrers will have it, so that the index can be rebuilt without reading manifests. */
export function formatReferrerMarker(referrer: Referrer): Uint8Array {
  return new TextEncoder().encode(formatReferrer(referrer));
}

/**
 * Reads a referrer's marker. Who rebuilds an index must check that its digest is the one of the key.
 * @throws RegistryError `format-invalid`
 */
export function parseReferrerMarker(bytes: Uint8Array): Referrer {
  return pickReferrer(parseDocument(descriptorSchema, bytes, 'the marker of a referrer'));
}
