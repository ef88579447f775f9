import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type Header, pack } from 'tar-stream';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { addImage, addManifest, createGraph, describeBytes, type Graph } from '../images/build-image.ts';

/** An image that something is wrong with. */
export interface DamagedImage {
  readonly graph: Graph;
  readonly root: Descriptor;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An image of one layer, to be damaged. */
export async function createImage(text = 'bad'): Promise<DamagedImage & { readonly layer: string; readonly config: string }> {
  const graph = createGraph();
  const root = await addImage(graph, 'linux/amd64', [text]);
  const [config = '', layer = ''] = graph.blobs.keys();
  return { graph, root, layer, config };
}

/** A manifest of any bytes, said to be of a type, under its true digest. */
export function createManifest(text: string, mediaType: string = mediaTypes.imageManifest): DamagedImage {
  const graph = createGraph();
  const bytes = encode(text);
  const root = describeBytes(mediaType, bytes);
  graph.manifests.set(root.digest, bytes);
  return { graph, root };
}

/** An index of one image, whose descriptor is made wrong. */
export async function createIndex(change: (child: Descriptor) => Descriptor, isThere = true): Promise<DamagedImage> {
  const { graph, root: child } = await createImage();
  if (!isThere) graph.manifests.delete(child.digest);
  return { graph, root: addManifest(graph, mediaTypes.imageIndex, { manifests: [change(child)] }) };
}

/** Changes what a graph holds under a digest, and leaves the digest. */
export function damage(image: DamagedImage, digest: string, change: (bytes: Uint8Array) => Uint8Array): DamagedImage {
  for (const contents of [image.graph.blobs, image.graph.manifests]) {
    const bytes = contents.get(digest);
    if (bytes) contents.set(digest, change(bytes));
  }
  return image;
}

/** The files of a layout of an image, right or wrong. */
export function layoutFiles({ graph, root }: DamagedImage): Map<string, Uint8Array> {
  const contents = [...graph.blobs, ...graph.manifests].map(([digest, bytes]) => [`blobs/${digest.replace(':', '/')}`, bytes] as const);
  const index = { schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: [root] };
  return new Map([['oci-layout', encode('{"imageLayoutVersion":"1.0.0"}')], ['index.json', encode(JSON.stringify(index))], ...contents]);
}

/** Writes an image as a layout, wrong as it may be. */
export async function writeLayout(folder: string, image: DamagedImage): Promise<void> {
  for (const [name, bytes] of layoutFiles(image)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}

/** A tar by tar-stream, which asks no questions about names. */
export async function packEntries(entries: Iterable<readonly [Header | string, Uint8Array | string]>): Promise<Buffer> {
  const tar = pack();
  for (const [header, body] of entries) tar.entry(typeof header === 'string' ? { name: header } : header, Buffer.from(body));
  tar.finalize();
  return buffer(tar);
}
