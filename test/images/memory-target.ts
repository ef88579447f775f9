import type { Descriptor } from '../../src/oci/descriptor.ts';
import { listChildren, parseManifest } from '../../src/oci/manifest.ts';
import { isForeignLayerType, isManifestType } from '../../src/oci/media-types.ts';
import { readAll } from '../../src/streams/read-all.ts';
import { verify, verifyBytes } from '../../src/streams/verify.ts';
import type { ImageTarget, ImageWriter } from '../../src/transfer/image-target.ts';
import { createGraph, describeBytes, type Graph } from './build-image.ts';

/** A target in memory that refuses whatever would break a reader: a manifest before what it names, a root before it is there. */
export interface MemoryTarget extends ImageTarget {
  readonly graph: Graph;
  /** Roots that were made visible. */
  readonly committed: Descriptor[];
  /** What layers were packed to, by the text of the recipe; only where blobs of unknown digest are taken. */
  readonly recipes: Map<string, Pick<Descriptor, 'digest' | 'size'>>;
  /** Writes in their order: `blob DIGEST`, `unknown DIGEST` (one whose digest showed at its end), `manifest DIGEST`, `settle`, `commit`, `abandon`. */
  readonly log: string[];
}

export interface MemoryTargetOptions {
  readonly takes?: 'graph' | 'one';
  /** Takes blobs of unknown digest. */
  readonly takesUnknown?: boolean;
  /** Called at each `settle`, with its number from 1: may take away what was sent, and ask for all again. */
  readonly onSettle?: (graph: Graph, times: number) => 'settled' | 'again';
}

/** An empty target. */
export function createMemoryTarget({
  takes = 'graph',
  takesUnknown = false,
  onSettle = () => 'settled',
}: MemoryTargetOptions = {}): MemoryTarget {
  const graph = createGraph();
  const committed: Descriptor[] = [];
  const log: string[] = [];
  const isThere = ({ digest, mediaType }: Descriptor): boolean =>
    isForeignLayerType(mediaType) || (isManifestType(mediaType) ? graph.manifests.has(digest) : graph.blobs.has(digest));
  const recipes: MemoryTarget['recipes'] = new Map();
  let settled = 0;
  const writer: ImageWriter = {
    hasSubtree: async ({ digest }) => graph.manifests.has(digest),
    hasBlob: async ({ digest, size }) => graph.blobs.get(digest)?.byteLength === size,
    async putBlob(blob, source, options = {}) {
      const bytes = await readAll(verify(source.open({ signal: options.signal }), blob), blob.size, 'a blob');
      graph.blobs.set(blob.digest, bytes);
      options.onProgress?.(bytes.byteLength);
      log.push(`blob ${blob.digest}`);
    },
    ...(takesUnknown && {
      async putUnknownBlob(blob, { signal } = {}) {
        const bytes = await readAll(blob.open({ signal }), 100_000_000, 'a blob');
        const { digest, size } = describeBytes('', bytes);
        graph.blobs.set(digest, bytes);
        log.push(`unknown ${digest}`);
        return { digest, size };
      },
      async findPacked(recipe) {
        const packed = recipes.get(JSON.stringify(recipe));
        return packed && graph.blobs.get(packed.digest)?.byteLength === packed.size ? packed : undefined;
      },
      async recordPacked(recipe, packed) {
        if (!graph.blobs.has(packed.digest)) throw new Error(`${packed.digest} was recorded before it was there`);
        recipes.set(JSON.stringify(recipe), packed);
      },
    }),
    async putManifest(descriptor, bytes) {
      await verifyBytes(bytes, descriptor);
      const missing = listChildren(parseManifest(bytes, descriptor.mediaType)).filter((child) => !isThere(child));
      if (missing.length > 0)
        throw new Error(`the manifest ${descriptor.digest} came before ${missing.map(({ digest }) => digest).join(', ')}`);
      graph.manifests.set(descriptor.digest, bytes);
      log.push(`manifest ${descriptor.digest}`);
    },
    async settle() {
      log.push('settle');
      settled += 1;
      return onSettle(graph, settled);
    },
    async commit(root) {
      if (!isThere(root)) throw new Error(`the root ${root.digest} was committed before it was there`);
      committed.push(root);
      log.push('commit');
    },
    async abandon() {
      log.push('abandon');
    },
  };
  return { location: 'memory:target', takes, graph, committed, recipes, log, begin: async () => writer, close: async () => undefined };
}
