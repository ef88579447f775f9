import { gzipSync } from 'node:zlib';
import { packTar } from '../../src/archive/pack-tar.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { parseDigest } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import { digestHex } from '../../src/streams/hasher.ts';
import { readAll } from '../../src/streams/read-all.ts';

/** A graph of content in memory: bytes by digest. */
export interface Graph {
  readonly blobs: Map<string, Uint8Array>;
  readonly manifests: Map<string, Uint8Array>;
  readonly referrers: Map<string, Descriptor[]>;
}

/** An empty graph. */
export function createGraph(): Graph {
  return { blobs: new Map(), manifests: new Map(), referrers: new Map() };
}

/** The descriptor of bytes. */
export function describeBytes(mediaType: string, bytes: Uint8Array, algorithm: 'sha256' | 'sha512' = 'sha256'): Descriptor {
  return { mediaType, digest: parseDigest(`${algorithm}:${digestHex(algorithm, bytes)}`), size: bytes.byteLength };
}

/** Adds a blob. */
export function addBlob(graph: Graph, mediaType: string, content: Uint8Array | string): Descriptor {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const descriptor = describeBytes(mediaType, bytes);
  graph.blobs.set(descriptor.digest, bytes);
  return descriptor;
}

/** Adds a manifest or index; with a subject it is found among that one's referrers. */
export function addManifest(
  graph: Graph,
  mediaType: string,
  body: { readonly subject?: Descriptor } & Readonly<Record<string, unknown>>,
): Descriptor {
  const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType, ...body }));
  const descriptor = describeBytes(mediaType, bytes);
  graph.manifests.set(descriptor.digest, bytes);
  if (body.subject) graph.referrers.set(body.subject.digest, [...(graph.referrers.get(body.subject.digest) ?? []), descriptor]);
  return descriptor;
}

/** A layer of files, as tar and as the gzip of it. */
export async function packLayer(
  files: Readonly<Record<string, string>>,
): Promise<{ readonly tar: Uint8Array; readonly gzip: Uint8Array; readonly diffId: string }> {
  const entries = Object.entries(files).map(([name, text]) => ({ name, source: bytesSource(new TextEncoder().encode(text)) }));
  const tar = await readAll(packTar(entries), 100_000_000, 'a layer');
  return { tar, gzip: new Uint8Array(gzipSync(tar)), diffId: `sha256:${digestHex('sha256', tar)}` };
}

/** Adds an image of real gzip layers, each holding one file; unpacked by real clients too. */
export async function addImage(graph: Graph, platform: string, texts: readonly string[] = ['hello']): Promise<Descriptor> {
  const layers = await Promise.all(texts.map((text, index) => packLayer({ [`file-${index}`]: text })));
  const config = addBlob(
    graph,
    mediaTypes.imageConfig,
    JSON.stringify({
      ...parsePlatform(platform),
      config: { Cmd: ['/hello'] },
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map(() => ({ created_by: 'test' })),
    }),
  );
  return addManifest(graph, mediaTypes.imageManifest, {
    config,
    layers: layers.map(({ gzip }) => addBlob(graph, mediaTypes.layerGzip, gzip)),
  });
}

/** Adds an index of one image a platform, each with a BuildKit attestation if asked for. */
export async function addIndex(graph: Graph, platforms: readonly string[], attested = false): Promise<Descriptor> {
  const manifests: Descriptor[] = [];
  for (const name of platforms) manifests.push({ ...(await addImage(graph, name, ['shared', name])), platform: parsePlatform(name) });
  const attestations = (attested ? manifests : []).map((image) => ({
    ...addManifest(graph, mediaTypes.imageManifest, {
      config: addBlob(graph, mediaTypes.imageConfig, '{"os":"unknown","architecture":"unknown"}'),
      layers: [addBlob(graph, 'application/vnd.in-toto+json', `{"about":"${image.digest}"}`)],
    }),
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': image.digest },
  }));
  return addManifest(graph, mediaTypes.imageIndex, { manifests: [...manifests, ...attestations] });
}
