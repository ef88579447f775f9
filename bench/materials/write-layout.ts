import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A layer whose file lies below `blobs/sha256` already. */
export interface WrittenLayer {
  readonly mediaType: string;
  readonly digest: string;
  readonly diffId: string;
  readonly size: number;
}

export const layoutTag = 'latest';

/** Writes what makes an OCI layout with one image of one layer: config, manifest, index. */
export async function writeLayout(folder: string, layer: WrittenLayer): Promise<void> {
  const { mediaType, digest, diffId, size } = layer;
  const config = await writeJson(folder, 'application/vnd.oci.image.config.v1+json', {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [diffId] },
  });
  const manifest = await writeJson(folder, 'application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config,
    layers: [{ mediaType, digest, size }],
  });
  const annotations = { 'org.opencontainers.image.ref.name': layoutTag };
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }));
  await writeFile(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

async function writeJson(folder: string, mediaType: string, value: object): Promise<{ mediaType: string; digest: string; size: number }> {
  const bytes = Buffer.from(JSON.stringify(value));
  const hex = createHash('sha256').update(bytes).digest('hex');
  await writeFile(join(folder, 'blobs', 'sha256', hex), bytes);
  return { mediaType, digest: `sha256:${hex}`, size: bytes.byteLength };
}
