import { RegistryError } from '../errors/registry-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseJsonObject } from '../oci/parse-json.ts';
import { maxManifestBytes, parseManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';

/** Which image of a layout is which (image-spec annotations.md). */
export const refNameAnnotation = 'org.opencontainers.image.ref.name';

/** The version of the image layout that is read and written (image-spec image-layout.md, "oci-layout file"). */
const layoutVersion = '1.0.0';

/** The bytes of the file `oci-layout`. */
export const layoutFileBytes: Uint8Array = new TextEncoder().encode(JSON.stringify({ imageLayoutVersion: layoutVersion }));

/**
 * Checks the file `oci-layout`.
 * @throws RegistryError `input-invalid`
 */
export function checkLayoutFile(bytes: Uint8Array, location: string): void {
  const version = parseJsonObject(bytes, maxManifestBytes, `the oci-layout file of "${location}"`)['imageLayoutVersion'];
  if (typeof version === 'string' && version.startsWith('1.')) return;
  throw new RegistryError(
    'input-invalid',
    `Cannot read the image layout "${location}": its version is ${JSON.stringify(version) ?? 'missing'}, wanted ${layoutVersion}`,
  );
}

/**
 * Reads a layout's `index.json`.
 * @throws RegistryError `manifest-invalid`, …
 */
export function parseLayoutIndex(bytes: Uint8Array): readonly Descriptor[] {
  const index = parseManifest(bytes, mediaTypes.imageIndex);
  return index.kind === 'index' ? index.manifests : [];
}

/**
 * The image that a place names: the one of that name, or without a name the only one.
 * @throws RegistryError `reference-ambiguous`, `tag-missing`, `manifest-missing`
 */
export function chooseFromIndex(images: readonly Descriptor[], reference: string | undefined, location: string): Descriptor {
  const matching = reference === undefined ? images : images.filter((image) => refNameOf(image) === reference);
  const [first, ...others] = matching;
  const names = images.map((image) => refNameOf(image) ?? image.digest).map((name) => JSON.stringify(name));
  if (first === undefined && reference !== undefined) {
    throw new RegistryError(
      'tag-missing',
      `Cannot find ${JSON.stringify(reference)} in "${location}": it has ${names.join(', ') || 'no image'}`,
    );
  }
  if (first === undefined) throw new RegistryError('manifest-missing', `Cannot find an image in "${location}": its index is empty`);
  if (others.some(({ digest }) => digest !== first.digest)) {
    const hint = 'Add one of these names after the path and a colon.';
    throw new RegistryError(
      'reference-ambiguous',
      `Cannot choose an image of "${location}": it has ${names.join(', ')}`,
      reference === undefined ? { hint } : {},
    );
  }
  return first;
}

/**
 * `index.json` with an image added. One of the same name is replaced, as is one of the same digest if neither has a name; all others, and members that are not known
 * here, stay as they are.
 * @param bytes the present file; undefined for a new one
 * @throws RegistryError `manifest-invalid`
 */
export function addToIndex(bytes: Uint8Array | undefined, root: Descriptor, annotations: Readonly<Record<string, string>>): Uint8Array {
  const before =
    bytes === undefined ? { schemaVersion: 2, mediaType: mediaTypes.imageIndex } : parseJsonObject(bytes, maxManifestBytes, 'index.json');
  const images = bytes === undefined ? [] : parseLayoutIndex(bytes);
  const raw = Array.isArray(before['manifests']) ? (before['manifests'] as unknown[]) : [];
  const name = annotations[refNameAnnotation];
  const kept = raw.filter((_, index) => {
    const image = images[index];
    return !image || refNameOf(image) !== name || (name === undefined && image.digest !== root.digest);
  });
  const { mediaType, digest, size } = root;
  const added = { mediaType, digest, size, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) };
  return new TextEncoder().encode(JSON.stringify({ ...before, manifests: [...kept, added] }));
}

function refNameOf(image: Descriptor): string | undefined {
  return image.annotations?.[refNameAnnotation];
}
