import { RegistryError } from '../errors/registry-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { maxManifestBytes, refuseSchema1 } from '../oci/manifest.ts';
import { isManifestType } from '../oci/media-types.ts';
import { readAll } from '../streams/read-all.ts';
import type { ImageSource, RequestOptions } from '../transfer/image-source.ts';
import { layoutBlob, type LayoutFiles } from './layout-files.ts';
import { checkLayoutFile, chooseFromIndex, parseLayoutIndex } from './layout-index.ts';

/** Reads an image from the files of a layout. `reference` is the image's `org.opencontainers.image.ref.name`; closing it closes the files. */
export function createLayoutSource(files: LayoutFiles, reference: string | undefined): ImageSource {
  return {
    location: files.location,
    async root(options) {
      const root = chooseFromIndex(await readLayoutIndex(files, options), reference, files.location);
      if (isManifestType(root.mediaType)) return root;
      refuseSchema1(root.mediaType);
      throw new RegistryError(
        'media-type-unsupported',
        `Cannot copy from "${files.location}": what it names is of type "${root.mediaType}", no manifest`,
      );
    },
    manifest: (descriptor, options) => readLayoutManifest(files, descriptor, options),
    blob: (blob) => layoutBlob(files, blob),
    close: () => files.close(),
  };
}

/**
 * The images that a layout's `index.json` names.
 * @throws RegistryError `input-missing`, `input-invalid`, `manifest-invalid`
 */
export async function readLayoutIndex(files: LayoutFiles, options: RequestOptions = {}): Promise<readonly Descriptor[]> {
  checkLayoutFile(await readSmallFile(files, 'oci-layout', options), files.location);
  return parseLayoutIndex(await readSmallFile(files, 'index.json', options));
}

/**
 * A manifest of a layout; not verified.
 * @throws RegistryError `manifest-missing`, `size-mismatch`
 */
export async function readLayoutManifest(files: LayoutFiles, descriptor: Descriptor, { signal }: RequestOptions = {}): Promise<Uint8Array> {
  try {
    return await readAll(layoutBlob(files, descriptor).open({ signal }), maxManifestBytes, `manifest "${descriptor.digest}"`);
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'blob-missing') throw error;
    throw new RegistryError('manifest-missing', `Cannot read manifest "${descriptor.digest}": it is not in "${files.location}"`);
  }
}

/** A file of the layout itself, at most as large as a manifest. */
async function readSmallFile(files: LayoutFiles, name: string, { signal }: RequestOptions): Promise<Uint8Array> {
  const file = await files.find(name);
  if (!file) {
    const isDockerSave = (await files.find('manifest.json')) !== undefined;
    throw new RegistryError('input-missing', `Cannot read the image layout "${files.location}": it has no file "${name}"`, {
      hint: isDockerSave
        ? 'It is what "docker save" writes: write "docker-archive:FILE".'
        : 'An image layout is made by "skopeo copy … oci:DIR", "buildah push … oci:DIR" or "docker buildx build --output type=oci,tar=false,dest=DIR".',
    });
  }
  return readAll(file.open({ signal }), maxManifestBytes, `"${name}" of "${files.location}"`);
}
