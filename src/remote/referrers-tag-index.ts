import { RegistryError } from '../errors/registry-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { maxManifestBytes, parseManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';

/** An index of referrers as it stands under a fallback tag; undefined: there is none yet. */
export type ReferrersIndex = Uint8Array | undefined;

/**
 * Those of some referrers that an index does not list.
 * @throws RegistryError `registry-invalid` when what stands under the tag is no image index: then it is not ours to overwrite
 */
export function unlistedReferrers(index: ReferrersIndex, referrers: readonly Descriptor[], tag: string): readonly Descriptor[] {
  if (index === undefined) return referrers;
  const manifest = parseManifest(index);
  if (manifest.kind !== 'index') {
    throw new RegistryError(
      'registry-invalid',
      `Cannot list a referrer under the tag "${tag}": a "${manifest.mediaType}" stands there, wanted an index`,
    );
  }
  const listed = new Set<string>(manifest.manifests.map(({ digest }) => digest));
  return referrers.filter(({ digest }) => !listed.has(digest));
}

/**
 * An index with more referrers at its end. What others wrote into it stays as it is, also members that are not known here.
 * @throws RegistryError `manifest-too-large`
 */
export function appendReferrers(index: ReferrersIndex, referrers: readonly Descriptor[]): Uint8Array {
  const before =
    index === undefined ? {} : (JSON.parse(new TextDecoder().decode(index)) as { readonly manifests?: readonly unknown[] | null });
  const manifests = [...(before.manifests ?? []), ...referrers];
  const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, ...before, manifests }));
  if (bytes.byteLength <= maxManifestBytes) return bytes;
  throw new RegistryError(
    'manifest-too-large',
    `Cannot list ${manifests.length} referrers: the index has ${bytes.byteLength} bytes, at most ${maxManifestBytes} are allowed`,
  );
}
