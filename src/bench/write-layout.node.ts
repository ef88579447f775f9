import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestEncoded, parseDigest } from '../oci/digest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { digestHex } from '../streams/hasher.ts';

/** A layer whose file lies below `blobs` already. */
export interface LayoutLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
}

/** The one tag of a layout. */
export const layoutTag = 'latest';

/** Writes what makes an OCI layout with one image of these layers: config, manifest, index. */
export async function writeLayout(
  folder: string,
  layers: readonly LayoutLayer[],
): Promise<{ readonly config: Descriptor; readonly manifest: Descriptor }> {
  const blobs = join(folder, 'blobs', 'sha256');
  const config = await writeJson(blobs, mediaTypes.imageConfig, {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const manifest = await writeJson(blobs, mediaTypes.imageManifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.imageManifest,
    config,
    layers: layers.map(({ descriptor }) => descriptor),
  });
  const annotations = { 'org.opencontainers.image.ref.name': layoutTag };
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }));
  await writeFile(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  return { config, manifest };
}

async function writeJson(blobs: string, mediaType: string, value: object): Promise<Descriptor> {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const digest = parseDigest(`sha256:${digestHex('sha256', bytes)}`);
  await writeFile(join(blobs, digestEncoded(digest)), bytes);
  return { mediaType, digest, size: bytes.byteLength };
}
