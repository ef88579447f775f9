import { RegistryError } from '../errors/registry-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Manifest } from '../oci/manifest.ts';
import type { Platform } from '../oci/platform.ts';
import { forEachConcurrently, runTogether } from '../streams/concurrency.ts';
import { type CopyTrace, type StepTrace, tracePoints } from '../streams/trace-points.ts';
import type { PlanSummary, TransferListener } from './events.ts';
import type { ImageSource } from './image-source.ts';
import type { ImageTarget, ImageWriter } from './image-target.ts';
import type { LayerPacker } from './layer-packer.ts';
import { createManifestReader } from './manifest-reader.ts';
import { packImage, type PackedImage } from './pack-image.ts';
import { type CopyPlan, planCopy, type PlanContext } from './plan.ts';
import { type PlatformWish, selectRoot } from './select-root.ts';
import { carryBlob, on, openSourceBlob } from './sides.ts';

/** How to copy. */
export interface CopyOptions {
  /** `all` if left out. One platform changes the root to its manifest, several make a new index (see `selectRoot`): the digest is another then. */
  readonly platforms?: 'all' | readonly Platform[] | undefined;
  /** The platform that a target for one image gets where none was chosen. */
  readonly hostPlatform?: Platform | undefined;
  /** Copies what refers to each manifest too (signatures, SBOMs), where the source can tell; false if left out. */
  readonly referrers?: boolean | undefined;
  /** Blobs at once; each may be sent in parallel parts by the target. 4 if left out. */
  readonly concurrency?: number | undefined;
  /** Packs uncompressed layers, where the source lets it and the target can (see `packImage`); the digest is another then. Left out, layers stay as they are. */
  readonly packer?: LayerPacker | undefined;
  /** On failure, remove what only this copy made, rather than leave it for a later one. */
  readonly discard?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: TransferListener | undefined;
}

/** What was copied. */
export interface CopyResult {
  readonly root: Descriptor;
  /** What the root lists, if it is an index. */
  readonly listed: readonly Digest[];
  /** As first planned, and the layers that were packed: what was sent because of a collection is not counted twice. */
  readonly summary: PlanSummary;
}

const defaultConcurrency = 4;
/** Collections that end while one image is sent; more would be a store gone mad. */
const maxRounds = 20;

/**
 * Copies what the source names, and all below it, to the target.
 *
 * Order: layers that are to be packed, if any; everything is read and checked down to the last manifest; blobs; configs; manifests from the leaves to the root; `settle`, and all of it once more as long
 * as it says so; `commit`. Until the commit nothing is visible by name, and whatever fails or stops before it leaves at most unreferenced blobs and manifests behind,
 * which the next copy finds and skips.
 * @throws CodedError whose `side` says which end failed
 */
export function copyImage(source: ImageSource, target: ImageTarget, options: CopyOptions = {}): Promise<CopyResult> {
  return tracePoints.copy.run(
    async (trace) => {
      const result = await copy(source, target, options);
      if (trace) Object.assign(trace, summarize(result));
      return result;
    },
    () => ({ source: source.location, target: target.location }),
  );
}

function summarize({ root, summary: { blobs, bytes, skippedBlobs } }: CopyResult): Partial<CopyTrace> {
  return { digest: root.digest, blobs, bytes, skippedBlobs };
}

async function copy(source: ImageSource, target: ImageTarget, options: CopyOptions): Promise<CopyResult> {
  const { signal, onEvent, packer, concurrency = defaultConcurrency, referrers = false } = options;
  const reader = createManifestReader(source);
  const chosen = await selectRoot(source, reader, wishOf(target, options), { signal });
  await checkOne(target, chosen, () => reader.read(chosen, { signal }));
  const writer = await step('begin', () => on('target', () => target.begin({ signal })));
  try {
    const packed = packer && (await packImage(chosen, { source, reader, writer, packer, concurrency, signal, onEvent }));
    const root = packed?.root ?? chosen;
    const context = { ...(packed ? contextOf(packed) : { source, reader }), writer, signal, referrers };
    const summary = withPacked(await sendUntilSettled(root, context, options), packed);
    await step('commit', () => on('target', () => writer.commit(root, { signal })));
    onEvent?.({ kind: 'committed', root });
    // Read already: the plan began with it
    const { manifest } = await context.reader.read(root, { signal });
    return { root, listed: manifest.kind === 'index' ? manifest.manifests.map(({ digest }) => digest) : [], summary };
  } catch (error) {
    // Not with the signal, which may be what stopped us; and the first error is the one to tell.
    await writer.abandon({ discard: options.discard ?? false }).catch(() => undefined);
    throw error;
  }
}

/** A packed image is read from what packed it, its layers being there. */
function contextOf({ source, layers }: PackedImage): Pick<PlanContext, 'source' | 'reader' | 'sent'> {
  return { source, reader: createManifestReader(source), sent: new Set(layers.map(({ digest }) => digest)) };
}

function withPacked(summary: PlanSummary, packed: PackedImage | undefined): PlanSummary {
  const layers = packed?.layers ?? [];
  const bytes = layers.reduce((sum, { size }) => sum + size, summary.bytes);
  return { ...summary, blobs: summary.blobs + layers.length, bytes };
}

function wishOf(target: ImageTarget, { platforms = 'all', hostPlatform }: CopyOptions): PlatformWish | undefined {
  if (platforms === 'all') {
    return target.takes === 'one' && hostPlatform ? { platforms: [hostPlatform], isDefault: true } : undefined;
  }
  if (platforms.length === 0) throw new RegistryError('usage-invalid', 'Cannot copy an image for no platform at all');
  if (platforms.length > 1 && target.takes === 'one') {
    throw new RegistryError(
      'usage-invalid',
      `Cannot write ${platforms.length} platforms to "${target.location}": it takes the image of one`,
    );
  }
  return { platforms, isDefault: false };
}

/** A target for one image is given no index. */
async function checkOne(target: ImageTarget, root: Descriptor, read: () => Promise<{ readonly manifest: Manifest }>): Promise<void> {
  if (target.takes === 'graph' || (await read()).manifest.kind === 'image') return;
  throw new RegistryError(
    'reference-ambiguous',
    `Cannot write the index "${root.digest}" to "${target.location}": it takes the image of one platform`,
    {
      hint: 'Choose one with --platform.',
    },
  );
}

async function sendUntilSettled(root: Descriptor, context: PlanContext, options: CopyOptions): Promise<PlanSummary> {
  let first: PlanSummary | undefined;
  for (let round = 1; round <= maxRounds; round += 1) {
    if (round > 1) options.onEvent?.({ kind: 'again', round });
    const plan = await step('plan', () => planCopy(root, context));
    first ??= plan.summary;
    if ((await sendPlan(root, plan, context, options)) === 'settled') return first;
  }
  throw new RegistryError('collection-busy', `Cannot end the push: after ${maxRounds} times what was sent is still being collected`, {
    side: 'target',
  });
}

/** Sends what is missing and, beside that, lets the target do what need not wait for it. */
async function sendPlan(root: Descriptor, plan: CopyPlan, context: PlanContext, options: CopyOptions): Promise<'settled' | 'again'> {
  const { writer } = context;
  const manifests = plan.manifests.flat().map(({ descriptor }) => descriptor);
  let settled: 'settled' | 'again' = 'again';
  await runTogether(
    [
      (signal) => on('target', async () => writer.prepare?.(root, manifests, { signal })),
      async (signal) => {
        await send(plan, context, { ...options, signal });
        settled = await step('settle', () => on('target', () => writer.settle({ signal })));
      },
    ],
    options.signal,
  );
  return settled;
}

async function send(plan: CopyPlan, { source, writer }: PlanContext, options: CopyOptions): Promise<void> {
  const { signal, onEvent, concurrency = defaultConcurrency } = options;
  onEvent?.({ kind: 'plan', plan: plan.summary });
  for (const blob of plan.skipped) onEvent?.({ kind: 'blob-skipped', blob });
  // Configs begin last, and wait for no layer: nobody looks at either before the manifests are there
  const blobs = [...plan.layers, ...plan.configs];
  await forEachConcurrently(blobs, concurrency, (blob, one) => sendBlob(source, writer, blob, one, onEvent), signal);
  await step('manifests', () => sendManifests(plan, writer, options));
}

async function sendManifests(plan: CopyPlan, writer: ImageWriter, options: CopyOptions): Promise<void> {
  const { signal, onEvent, concurrency = defaultConcurrency } = options;
  for (const group of plan.manifests) {
    await forEachConcurrently(
      group,
      concurrency,
      async ({ descriptor, bytes }, one) => {
        await on('target', () => writer.putManifest(descriptor, bytes, { signal: one }));
        onEvent?.({ kind: 'manifest-done', manifest: descriptor });
      },
      signal,
    );
  }
}

function step<T>(name: StepTrace['step'], run: () => Promise<T>): Promise<T> {
  return tracePoints.step.run(run, () => ({ step: name }));
}

async function sendBlob(
  source: ImageSource,
  writer: ImageWriter,
  blob: Descriptor,
  signal: AbortSignal,
  onEvent: TransferListener | undefined,
): Promise<void> {
  onEvent?.({ kind: 'blob-started', blob });
  const onProgress = onEvent && ((bytes: number) => onEvent({ kind: 'blob-progress', blob, bytes }));
  const onKept = onEvent && ((bytes: number) => onEvent({ kind: 'blob-resumed', blob, bytes }));
  await carryBlob(blob, () => writer.putBlob(blob, openSourceBlob(source, blob), { signal, onProgress, onKept }));
  onEvent?.({ kind: 'blob-done', blob });
}
