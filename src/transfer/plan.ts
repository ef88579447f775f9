import { RegistryError } from '../errors/registry-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { refuseSchema1 } from '../oci/manifest.ts';
import { isForeignLayerType, isManifestType } from '../oci/media-types.ts';
import { forEachConcurrently, mapConcurrently } from '../streams/concurrency.ts';
import type { PlanSummary } from './events.ts';
import type { ImageSource } from './image-source.ts';
import type { ImageWriter } from './image-target.ts';
import { checkSame, type ManifestReader, maxDepth, type VerifiedManifest } from './manifest-reader.ts';
import { orderManifests } from './order-manifests.ts';
import { on } from './sides.ts';

/** What has to be sent, in the order in which it is. */
export interface CopyPlan {
  /** Layers and what else is no config, the largest first: a large one that begins last would end last. */
  readonly layers: readonly Descriptor[];
  readonly configs: readonly Descriptor[];
  readonly skipped: readonly Descriptor[];
  /** Groups, each of which needs those before it: children before parents, subjects before referrers. Within a group the order is free. */
  readonly manifests: readonly (readonly VerifiedManifest[])[];
  readonly summary: PlanSummary;
}

/** The two ends, and how far to go. */
export interface PlanContext {
  readonly source: ImageSource;
  readonly reader: ManifestReader;
  readonly writer: ImageWriter;
  /** Whether what refers to each manifest is copied too. */
  readonly referrers: boolean;
  /** Digests of blobs that this copy has sent already: to be found there, and no reason to speak of skipping. */
  readonly sent?: ReadonlySet<string> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Descriptors that are looked at in all, repeated ones too. */
export const maxDescriptors = 20_000;
/** Questions and manifests are small: as many at once as hide the way there and back. */
const lookups = 16;

/**
 * Walks the graph below the root, level by level, and asks the target what it has. Nothing is written yet: a source whose manifests lie leaves the target untouched.
 * @throws RegistryError `manifest-invalid` for a graph too deep or too large; what the reader and both ends throw
 */
export async function planCopy(root: Descriptor, context: PlanContext): Promise<CopyPlan> {
  const graph = await walkGraph(root, context);
  const missing: Descriptor[] = [];
  const skipped: Descriptor[] = [];
  const look = async (blob: Descriptor, signal: AbortSignal): Promise<void> => {
    const isProbablyNew = graph.lastLayers.has(blob.digest);
    if (!(await on('target', () => context.writer.hasBlob(blob, { isProbablyNew, signal })))) missing.push(blob);
    else if (!context.sent?.has(blob.digest)) skipped.push(blob);
  };
  await forEachConcurrently(graph.blobs.values(), lookups, look, context.signal);
  const configs = missing.filter((blob) => graph.configs.has(blob.digest));
  const manifests = orderManifests(graph.manifests);
  return {
    layers: missing.filter((blob) => !graph.configs.has(blob.digest)).toSorted((a, b) => b.size - a.size),
    configs,
    skipped,
    manifests,
    summary: {
      blobs: missing.length,
      bytes: totalBytes(missing),
      skippedBlobs: skipped.length,
      skippedBytes: totalBytes(skipped),
      foreignLayers: graph.foreignLayers.size,
      manifests: graph.manifests.size,
    },
  };
}

interface Graph {
  /** To be written. */
  readonly manifests: Map<string, VerifiedManifest>;
  readonly blobs: Map<string, Descriptor>;
  /** Digests of blobs that are configs and nothing else. */
  readonly configs: Set<string>;
  readonly foreignLayers: Set<string>;
  /** Digests of the last layer of each image: what a new version of it changes, if anything. */
  readonly lastLayers: Set<string>;
}

interface Visit {
  readonly descriptor: Descriptor;
  /** The target has it and all below. */
  readonly isThere: boolean;
}

async function walkGraph(root: Descriptor, context: PlanContext): Promise<Graph> {
  const graph: Graph = { manifests: new Map(), blobs: new Map(), configs: new Set(), foreignLayers: new Set(), lastLayers: new Set() };
  const visited = new Map<string, Descriptor>([[root.digest, root]]);
  let count = 1;
  let level: readonly Visit[] = [{ descriptor: root, isThere: false }];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > maxDepth) throw refuse(context, `its manifests are nested more than ${maxDepth} deep`);
    const below = await mapConcurrently(
      level,
      lookups,
      (visit, signal) => visitManifest(visit, root, graph, { ...context, signal }),
      context.signal,
    );
    const found = below.flat();
    count += found.length;
    if (count > maxDescriptors) throw refuse(context, `it has more than ${maxDescriptors} descriptors`);
    for (const { descriptor, isThere, role } of found) {
      if (role !== 'manifest' && !isThere) addBlob(graph, descriptor, role);
    }
    level = found.filter(({ role, descriptor }) => role === 'manifest' && isNew(visited, descriptor));
  }
  return graph;
}

/** Whether a manifest is met for the first time. What is named twice must be named the same, or one of both names is wrong. */
function isNew(visited: Map<string, Descriptor>, descriptor: Descriptor): boolean {
  const known = visited.get(descriptor.digest);
  if (known === undefined) visited.set(descriptor.digest, descriptor);
  else checkSame(descriptor, known);
  return known === undefined;
}

interface Found extends Visit {
  readonly role: 'manifest' | 'config' | 'layer';
}

/** Reads one manifest and says what lies below it, and what refers to it. */
async function visitManifest(
  { descriptor, isThere: parentIsThere }: Visit,
  root: Descriptor,
  graph: Graph,
  context: PlanContext,
): Promise<Found[]> {
  const { source, reader, writer, signal } = context;
  const isThere = parentIsThere || (await on('target', () => writer.hasSubtree(descriptor, { signal })));
  // The root is put again all the same, and referrers are asked for below what is there too: they may have come later.
  if (isThere && descriptor.digest !== root.digest && !context.referrers) return [];
  const verified = await reader.read(descriptor, { signal });
  if (!isThere || descriptor.digest === root.digest) graph.manifests.set(descriptor.digest, verified);
  const found = childrenOf(verified, isThere);
  const last = found.at(-1);
  if (last?.role === 'layer') graph.lastLayers.add(last.descriptor.digest);
  if (!context.referrers || source.referrers === undefined) return found;
  const referrers = await on('source', async () => source.referrers?.(descriptor, { signal }) ?? []);
  return [...found, ...referrers.map((referrer): Found => ({ descriptor: referrer, isThere: false, role: 'manifest' }))];
}

function childrenOf({ manifest }: VerifiedManifest, isThere: boolean): Found[] {
  if (manifest.kind === 'image') {
    const layers = manifest.layers.map((layer): Found => ({ descriptor: layer, isThere, role: 'layer' }));
    return [{ descriptor: manifest.config, isThere, role: 'config' }, ...layers];
  }
  for (const { mediaType } of manifest.manifests) refuseSchema1(mediaType);
  // An index may name anything; what is no manifest is stored as a blob.
  return manifest.manifests.map((child): Found => ({
    descriptor: child,
    isThere,
    role: isManifestType(child.mediaType) ? 'manifest' : 'layer',
  }));
}

function addBlob(graph: Graph, blob: Descriptor, role: 'config' | 'layer'): void {
  if (role === 'layer' && isForeignLayerType(blob.mediaType)) {
    graph.foreignLayers.add(blob.digest);
    return;
  }
  const known = graph.blobs.get(blob.digest);
  if (known !== undefined && known.size !== blob.size) {
    throw new RegistryError(
      'size-mismatch',
      `Cannot copy blob "${blob.digest}": it is named with ${known.size} and with ${blob.size} bytes`,
      { side: 'source' },
    );
  }
  if (role === 'config' && known === undefined) graph.configs.add(blob.digest);
  if (role === 'layer') graph.configs.delete(blob.digest);
  graph.blobs.set(blob.digest, known ?? blob);
}

function totalBytes(blobs: readonly Descriptor[]): number {
  return blobs.reduce((sum, { size }) => sum + size, 0);
}

function refuse({ source }: PlanContext, why: string): RegistryError {
  return new RegistryError('manifest-invalid', `Cannot copy "${source.location}": ${why}`, { side: 'source' });
}
