import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { createLayoutTarget } from '../../src/transports/oci-layout.node.ts';
import { addBlob, addIndex, addManifest, createGraph } from '../images/build-image.ts';
import { copyTo } from '../images/copy-back.ts';

/** Writes an index of two platforms as a layout, and gives its digest. */
export async function writeIndexLayout(folder: string, name: string): Promise<string> {
  const graph = createGraph();
  const root = await addIndex(graph, ['linux/amd64', 'linux/arm64']);
  await copyTo(createLayoutTarget({ path: join(folder, name) }), graph, root);
  return root.digest;
}

/** Writes an image whose one layer is so large that it goes up in parts. */
export async function writeLargeLayout(folder: string, name: string, layerBytes: number): Promise<void> {
  const graph = createGraph();
  const config = addBlob(graph, mediaTypes.imageConfig, JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { diff_ids: [] } }));
  const layers = [addBlob(graph, mediaTypes.layer, new Uint8Array(randomBytes(layerBytes)))];
  const root = addManifest(graph, mediaTypes.imageManifest, { config, layers });
  await copyTo(createLayoutTarget({ path: join(folder, name) }), graph, root);
}
