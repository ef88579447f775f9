import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

/** An image on its way into a bucket: several layers, one of which goes up in parts. Made by no code of ours. */
export interface KillImage {
  /** As the command line names it. */
  readonly source: string;
  /** Digest of its manifest; undefined where that shows only when its layers are packed. */
  readonly digest: string | undefined;
  /** Its blobs, digest and size; none where they are packed. */
  readonly blobs: ReadonlyMap<string, number>;
  /** The layer that goes up in parts. */
  readonly largest: string | undefined;
}

const mebibyte = 2 ** 20;
/** Four parts of 5 MiB, the last of which is smaller. */
const largeBytes = 17 * mebibyte;
const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Writes an OCI layout with layers that nobody has yet. */
export async function writeLayoutImage(folder: string): Promise<KillImage> {
  const layers = [randomBytes(largeBytes), randomBytes(mebibyte), randomBytes(3000)];
  const config = Buffer.from(
    JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: layers.map(digestOf) } }),
  );
  const describe = (mediaType: string, bytes: Uint8Array) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
  const manifestType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: describe('application/vnd.oci.image.config.v1+json', config),
      layers: layers.map((bytes) => describe('application/vnd.oci.image.layer.v1.tar', bytes)),
    }),
  );
  const index = { schemaVersion: 2, manifests: [describe(manifestType, manifest)] };
  await writeFiles(folder, [
    ['oci-layout', '{"imageLayoutVersion":"1.0.0"}'],
    ['index.json', JSON.stringify(index)],
    ...[...layers, config, manifest].map((bytes) => [`blobs/${digestOf(bytes).replace(':', '/')}`, bytes] as const),
  ]);
  const blobs = new Map([...layers, config].map((bytes) => [digestOf(bytes), bytes.length]));
  return { source: `oci:${folder}`, digest: digestOf(manifest), blobs, largest: digestOf(layers[0] ?? config) };
}

/** Writes an archive as `docker save` does, with uncompressed layers: they are packed while they are pushed, the large one by way of a staged upload. */
export async function writeArchiveImage(file: string): Promise<KillImage> {
  const layers = await Promise.all([randomBytes(largeBytes), Buffer.from(file)].map((bytes) => packFiles([['file', bytes]])));
  const config = Buffer.from(
    JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: layers.map(digestOf) } }),
  );
  const names = layers.map((_, index) => `${index}/layer.tar`);
  const manifest = Buffer.from(JSON.stringify([{ Config: 'config.json', RepoTags: ['app:1'], Layers: names }]));
  const files = [
    ['manifest.json', manifest],
    ['config.json', config],
    ...layers.map((bytes, index) => [names[index] ?? '', bytes] as const),
  ] as const;
  await writeFile(file, await packFiles(files));
  return { source: `docker-archive:${file}`, digest: undefined, blobs: new Map(), largest: undefined };
}

async function packFiles(files: readonly (readonly [string, Uint8Array])[]): Promise<Buffer> {
  const tar = pack();
  for (const [name, bytes] of files) tar.entry({ name }, Buffer.from(bytes));
  tar.finalize();
  return buffer(tar);
}

async function writeFiles(folder: string, files: readonly (readonly [string, Uint8Array | string])[]): Promise<void> {
  for (const [name, bytes] of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}
