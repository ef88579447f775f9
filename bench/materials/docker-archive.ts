import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { packTar } from '../../src/archive/pack-tar.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import { openFile } from '../../src/transports/file-source.node.ts';

/** One image of one layer, as `docker save` writes it and `docker load` reads it. */
export interface ArchivedImage {
  /** A tar, compressed or not. */
  readonly layerFile: string;
  /** Digest of the tar itself. */
  readonly diffId: string;
  readonly repoTag: string;
}

/** Writes the archive. */
export async function writeDockerArchive(file: string, { layerFile, diffId, repoTag }: ArchivedImage, signal: AbortSignal): Promise<void> {
  const config = { architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [diffId] } };
  const configBytes = Buffer.from(JSON.stringify(config));
  const configName = `${createHash('sha256').update(configBytes).digest('hex')}.json`;
  const manifest = Buffer.from(JSON.stringify([{ Config: configName, RepoTags: [repoTag], Layers: ['layer/layer.tar'] }]));
  const layer = await openFile(layerFile);
  if (layer === undefined) throw new Error(`Cannot write "${file}": there is no "${layerFile}"`);
  const files = [
    { name: 'layer/layer.tar', source: layer.source },
    { name: configName, source: bytesSource(configBytes) },
    { name: 'manifest.json', source: bytesSource(manifest) },
  ];
  try {
    await pipeline(packTar(files, signal), createWriteStream(file), { signal });
  } finally {
    await layer.close();
  }
}
