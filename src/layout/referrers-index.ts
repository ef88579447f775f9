import { RegistryError } from '../errors/registry-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { artifactTypeOf, type Manifest, maxManifestBytes, parseManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';

/** What an index of referrers says of one of them (distribution-spec, "Listing Referrers"); also the body of its marker. */
export type Referrer = Pick<Descriptor, 'mediaType' | 'digest' | 'size' | 'artifactType' | 'annotations'>;

/** The descriptor under which a manifest with a subject is listed: its artifact type (or its config's media type) and its own annotations. */
export function referrerOf(manifest: Manifest, digest: Digest, size: number): Referrer {
  return { mediaType: manifest.mediaType, digest, size, artifactType: artifactTypeOf(manifest), annotations: manifest.annotations };
}

/**
 * The index of these referrers: sorted by digest, each once, so that equal truth makes equal bytes. Without any it is the empty index.
 * @throws RegistryError `manifest-too-large` when their annotations make more than clients read of an index
 */
export function formatReferrersIndex(referrers: Iterable<Referrer>): Uint8Array {
  const byDigest = new Map<string, Referrer>();
  for (const referrer of referrers) byDigest.set(referrer.digest, referrer);
  const sorted = [...byDigest.values()].toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
  const bytes = new TextEncoder().encode(
    `{"schemaVersion":2,"mediaType":"${mediaTypes.imageIndex}","manifests":[${sorted.map(formatReferrer).join(',')}]}`,
  );
  if (bytes.byteLength <= maxManifestBytes) return bytes;
  throw new RegistryError(
    'manifest-too-large',
    `Cannot list ${sorted.length} referrers: with their annotations the index has ${bytes.byteLength} bytes, at most ${maxManifestBytes} are allowed`,
    { hint: 'Remove referrers that are no longer needed.' },
  );
}

/** The index that stands where nothing refers. Clients that meet 403 for a missing key stop without it. */
export const emptyReferrersIndex: Uint8Array = formatReferrersIndex([]);

/**
 * Reads an index of referrers.
 * @throws RegistryError `format-invalid`
 */
export function parseReferrersIndex(bytes: Uint8Array): readonly Referrer[] {
  const manifest = parseIndex(bytes);
  if (manifest.kind === 'index' && manifest.mediaType === mediaTypes.imageIndex) return manifest.manifests.map(pickReferrer);
  throw new RegistryError(
    'format-invalid',
    `Cannot read an index of referrers: it is "${manifest.mediaType}", wanted "${mediaTypes.imageIndex}"`,
  );
}

function parseIndex(bytes: Uint8Array): Manifest {
  try {
    return parseManifest(bytes);
  } catch (error) {
    throw new RegistryError('format-invalid', 'Cannot read an index of referrers: it is not an image index', { cause: error });
  }
}

/** The members of a descriptor that a referrer's has. */
export function pickReferrer({ mediaType, digest, size, artifactType, annotations }: Descriptor): Referrer {
  return { mediaType, digest, size, artifactType, annotations };
}

/**
 * One descriptor as JSON. Annotations are sorted by hand: objects of ECMAScript put names that look like numbers first, which other languages would not.
 */
export function formatReferrer({ mediaType, digest, size, artifactType, annotations }: Referrer): string {
  const members = [member('mediaType', mediaType), member('digest', digest), member('size', size)];
  if (artifactType !== undefined) members.push(member('artifactType', artifactType));
  if (annotations !== undefined) members.push(`"annotations":${formatAnnotations(annotations)}`);
  return `{${members.join(',')}}`;
}

function formatAnnotations(annotations: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(annotations).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, value]) => member(name, value)).join(',')}}`;
}

function member(name: string, value: string | number): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}
