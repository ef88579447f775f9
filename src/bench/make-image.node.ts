import { createCipheriv, createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { packTar } from '../archive/pack-tar.ts';
import { tarBlockBytes } from '../archive/tar-header.ts';
import { digestEncoded, parseDigest } from '../oci/digest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import type { ByteSource } from '../streams/byte-source.ts';
import type { ImageShape, MadeImage } from './made-image.ts';
import { type LayoutLayer, layoutTag, writeLayout } from './write-layout.node.ts';

const chunkBytes = 1024 * 1024;
/** The tar's header, its two blocks of end, padding, and gzip's own header and trailer. */
const overheadBytes = 4 * tarBlockBytes + 64;
/** Gzip stores what it does not compress in blocks of less than 64 KiB, each with five bytes before it. */
const storedBlockBytes = 32 * 1024;
const storedHeaderBytes = 5;
/** Layers must be large enough for the overhead not to be most of them. */
export const leastLayerBytes: number = 64 * 1024;

/** Writes an OCI layout: gzip layers, a config, a manifest, an index. The same shape gives the same bytes. */
export async function makeImage(folder: string, shape: ImageShape, signal?: AbortSignal): Promise<MadeImage> {
  const blobs = join(folder, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const layers: LayoutLayer[] = [];
  for (let index = 0; index < shape.layers; index += 1) {
    layers.push(await writeLayer(blobs, `${shape.seed}/${index}`, shape.layerBytes, signal));
  }
  const descriptors = layers.map(({ descriptor }) => descriptor);
  const { config, manifest } = await writeLayout(folder, layers);
  const [first, ...others] = descriptors.map(({ digest }) => join(blobs, digestEncoded(digest)));
  if (first === undefined) throw new RangeError('Cannot make an image: no layers');
  const bytes = descriptors.reduce((sum, { size }) => sum + size, 0);
  return { folder, tag: layoutTag, layerFiles: [first, ...others], manifest, blobs: [config, ...descriptors], bytes };
}

/** A gzip file whose blocks are stored: made fast, and as honest to gzip's readers as any other. It is on the disk when this resolves, so that no writing disturbs what is measured next. */
async function writeLayer(blobs: string, seed: string, layerBytes: number, signal: AbortSignal | undefined): Promise<LayoutLayer> {
  const unfinished = join(blobs, 'unfinished');
  const size = Math.floor(((layerBytes - overheadBytes) * storedBlockBytes) / (storedBlockBytes + storedHeaderBytes));
  const unpacked = createHash('sha256');
  const packed = createHash('sha256');
  let bytes = 0;
  await pipeline(
    packTar([{ name: 'noise', source: noise(seed, size) }], signal),
    observe((chunk) => unpacked.update(chunk)),
    createGzip({ level: 0, chunkSize: chunkBytes }),
    observe((chunk) => {
      packed.update(chunk);
      bytes += chunk.byteLength;
    }),
    createWriteStream(unfinished, { flush: true }),
    { signal },
  );
  const digest = parseDigest(`sha256:${packed.digest('hex')}`);
  await rename(unfinished, join(blobs, digestEncoded(digest)));
  const diffId = parseDigest(`sha256:${unpacked.digest('hex')}`);
  return { descriptor: { mediaType: mediaTypes.layerGzip, digest, size: bytes }, diffId };
}

/** A cipher's stream: nobody can compress it, and anybody can make it again. */
function noise(seed: string, size: number): ByteSource {
  const key = createHash('sha256').update(seed).digest();
  return {
    size,
    seekable: false,
    async *open() {
      const cipher = createCipheriv('aes-256-ctr', key, new Uint8Array(16));
      const zeros = new Uint8Array(chunkBytes);
      for (let left = size; left > 0; left -= chunkBytes) yield cipher.update(zeros.subarray(0, Math.min(left, chunkBytes)));
    },
  };
}

function observe(look: (chunk: Uint8Array) => void): (chunks: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array> {
  return async function* (chunks) {
    for await (const chunk of chunks) {
      look(chunk);
      yield chunk;
    }
  };
}
