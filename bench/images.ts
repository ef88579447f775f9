import { createCipheriv, createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';

/** An image of layers that no compression makes smaller. */
export interface ImageShape {
  readonly layers: number;
  /** Of each layer as it is stored: its one file is as large as makes it so. */
  readonly layerBytes: number;
  /** Other seeds, other bytes. */
  readonly seed: string;
}

/** An image in an OCI layout, with one tag. */
export interface MadeImage {
  readonly folder: string;
  readonly tag: string;
  /** The largest layer's file, for those that send one object and know nothing of images. */
  readonly layerFile: string;
  readonly layerDigest: string;
  readonly bytes: number;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const chunkBytes = 1024 * 1024;
/** Tar's header, padding and end, and what gzip adds for each block that it stores. */
const overheadBytes = 4096;
const storedBlockBytes = 32 * 1024;
const storedHeaderBytes = 5;
const tag = 'latest';

/** Writes an OCI layout: gzip layers, a config, a manifest, an index. The same shape gives the same bytes. */
export async function makeImage(folder: string, shape: ImageShape): Promise<MadeImage> {
  const blobs = join(folder, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const layers: (Descriptor & { readonly diffId: string })[] = [];
  for (let index = 0; index < shape.layers; index += 1) layers.push(await writeLayer(blobs, `${shape.seed}/${index}`, shape.layerBytes));
  const [first] = layers;
  if (first === undefined) throw new Error('Cannot make an image: no layers');
  const config = await writeJson(blobs, 'application/vnd.oci.image.config.v1+json', {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const manifest = await writeJson(blobs, 'application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config,
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  });
  const annotations = { 'org.opencontainers.image.ref.name': tag };
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }));
  await writeFile(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  const bytes = layers.reduce((sum, { size }) => sum + size, 0);
  return { folder, tag, layerFile: join(blobs, hexOf(first.digest)), layerDigest: first.digest, bytes };
}

/** A gzip file whose blocks are stored: made fast, and as honest to gzip's readers as any other. */
async function writeLayer(blobs: string, seed: string, layerBytes: number): Promise<Descriptor & { readonly diffId: string }> {
  const unfinished = join(blobs, 'unfinished');
  const size = Math.floor((layerBytes * storedBlockBytes) / (storedBlockBytes + storedHeaderBytes)) - overheadBytes;
  const tar = pack();
  const diffId = createHash('sha256');
  const digest = createHash('sha256');
  let bytes = 0;
  const entry = tar.entry({ name: 'noise', size, mtime: new Date(0) });
  await Promise.all([
    pipeline(Readable.from(noise(seed, size)), entry).then(() => tar.finalize()),
    pipeline(
      tar,
      observe((chunk) => diffId.update(chunk)),
      createGzip({ level: 0, chunkSize: chunkBytes }),
      observe((chunk) => {
        digest.update(chunk);
        bytes += chunk.byteLength;
      }),
      createWriteStream(unfinished),
    ),
  ]);
  const name = `sha256:${digest.digest('hex')}`;
  await rename(unfinished, join(blobs, hexOf(name)));
  return {
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    digest: name,
    size: bytes,
    diffId: `sha256:${diffId.digest('hex')}`,
  };
}

async function writeJson(blobs: string, mediaType: string, value: object): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(value));
  const hex = createHash('sha256').update(bytes).digest('hex');
  await writeFile(join(blobs, hex), bytes);
  return { mediaType, digest: `sha256:${hex}`, size: bytes.byteLength };
}

/** A cipher's stream: nobody can compress it, and anybody can make it again. */
function* noise(seed: string, size: number): Generator<Uint8Array> {
  const key = createHash('sha256').update(seed).digest();
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(chunkBytes);
  for (let left = size; left > 0; left -= chunkBytes) yield cipher.update(zeros.subarray(0, left));
}

function observe(look: (chunk: Uint8Array) => void): (chunks: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array> {
  return async function* (chunks) {
    for await (const chunk of chunks) {
      look(chunk);
      yield chunk;
    }
  };
}

function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}
