import { createHash } from 'node:crypto';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { layoutTag, writeLayout } from '../../src/bench/write-layout.node.ts';
import { parseDigest } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import type { Material } from './material.ts';

const chunkBytes = 4 * 2 ** 20;

/** An OCI layout with one layer of any size that takes neither disk nor memory. It is called gzip, so that it is sent as it is; nobody on the way looks inside. */
export async function makeHolesImage(folder: string, bytes: number): Promise<Material> {
  const blobs = join(folder, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const hex = digestZeros(bytes);
  const unfinished = join(folder, 'unfinished');
  const file = await open(unfinished, 'w');
  await file.truncate(bytes);
  await file.close();
  const layerFile = join(blobs, hex);
  await rename(unfinished, layerFile);
  const digest = parseDigest(`sha256:${hex}`);
  await writeLayout(folder, [{ descriptor: { mediaType: mediaTypes.layerGzip, digest, size: bytes }, diffId: digest }]);
  return { source: `oci:${folder}:${layoutTag}`, folder, tag: layoutTag, layerFiles: [layerFile], bytes, leastStoredBytes: bytes };
}

function digestZeros(bytes: number): string {
  const hash = createHash('sha256');
  const zeros = new Uint8Array(chunkBytes);
  for (let left = bytes; left > 0; left -= chunkBytes) hash.update(zeros.subarray(0, Math.min(left, chunkBytes)));
  return hash.digest('hex');
}
