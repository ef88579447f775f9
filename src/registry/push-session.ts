import type { UploadHandle } from '../bucket/multipart-uploads.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { type CollectionState, maxUntaggedMs, settlePush } from '../layout/collection-state.ts';
import { referrerOf } from '../layout/referrers-index.ts';
import type { BucketFormat } from '../layout/format-version.ts';
import type { PackRecipe } from '../layout/pack-recipe.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Tag } from '../oci/repository-name.ts';
import type { ByteSource } from '../streams/byte-source.ts';
import { forEachConcurrently, runTogether } from '../streams/concurrency.ts';
import { type Blobs, type PutBlobOptions, unknownType } from './blobs.ts';
import type { FoundUpload } from './blob-upload.ts';
import { ensureBucketFormat } from './bucket-format.ts';
import type { Catalog } from './catalog.ts';
import { watchCollection } from './collection-watch.ts';
import type { Manifests, StoredManifest } from './manifests.ts';
import { findRecordedPack, recordPack } from './pack-recipes.ts';
import type { Referrers } from './referrers.ts';
import type { RepositoryContext, RequestOptions } from './repository-context.ts';
import type { BlobContent, UnknownBlob } from './staged-upload.ts';
import type { Tags } from './tags.ts';

/*
 * One push, so that readers are never broken and collection cannot race it (docs/bucket-layout.md, "Order of writes" and "Collection").
 *
 * Order of writes: the format, if the bucket has none → blobs and configs → manifests, children before their parents → [settled] → side by side: the repository's marker; for each
 * manifest, what it refers to learns of it, and its own index of referrers; the manifest that the tag named till now, once more → the tag → `tags/list` → `_catalog`.
 *
 * What a crash leaves: before the tag, objects that no tag leads to: clients see what they saw before, the same push again skips what is there, and in the end collection takes
 * the rest. After the tag, a whole image whose name may not be in a list yet: the same push again, or any other of the repository, lists it. A referrer becomes visible in its
 * subject's index only when all of its own push is there, like a tag.
 *
 * Handshake: `_collection` is read before anything else is looked at (begin). A blob that HEAD shows is skipped. A subtree is skipped only when the tag leads to it: a tag is
 * written last, so all below it was there, and what a tag reaches is not condemned; that a manifest is there would prove nothing, since its push may have crashed before it
 * noticed that a collection took a blob. While a collection is under way no subtree is skipped. Manifests, the root always among them, are put even if they are there: being
 * young they protect all they reach. `_collection` is read again after them (settle): if its generation changed, or it condemned anything of ours, the push waits until
 * no collection is under way, looks at everything again, sends what is missing, puts the manifests again, and asks again. Only then it tags.
 */

/** One push under way into a repository of a bucket; what `transfer/` calls an image writer. */
export interface PushSession {
  /** Whether a manifest and all below it are there for sure, so that nothing below need be looked at. */
  hasSubtree(manifest: Descriptor, options?: RequestOptions): Promise<boolean>;
  /** Whether a blob is there, of this size. */
  hasBlob(blob: Descriptor, options?: RequestOptions): Promise<boolean>;
  /** Stores a blob (see `Blobs.put`). */
  putBlob(blob: Descriptor, bytes: ByteSource, options?: PutBlobOptions): Promise<void>;
  /** Stores a blob whose digest is not known yet, and tells it (see `Blobs.putUnknown`). */
  putUnknownBlob(blob: UnknownBlob, options?: RequestOptions): Promise<BlobContent>;
  /** The blob that a push into this bucket packed a layer to, if it is in this repository; a record that cannot be read counts as none. */
  findPacked(recipe: PackRecipe, options?: RequestOptions): Promise<BlobContent | undefined>;
  /** Lets later pushes find what `putUnknownBlob` made of a layer. */
  recordPacked(recipe: PackRecipe, blob: BlobContent, options?: RequestOptions): Promise<void>;
  /** Stores a manifest, after all that it names. */
  putManifest(manifest: Descriptor, bytes: Uint8Array, options?: RequestOptions): Promise<void>;
  /**
   * Asks whether all that was sent or skipped will stay until the commit; waits for a collection where it must. `again`: send all once more and ask again.
   * @throws RegistryError `collection-busy` when collections came between again and again
   */
  settle(options?: RequestOptions): Promise<'settled' | 'again'>;
  /**
   * Makes the root, whose manifest was put, visible: referrers, tag, lists.
   * @throws RegistryError `collection-busy` when it comes so late that the manifests no longer protect what they reach
   */
  commit(root: Descriptor, options?: RequestOptions): Promise<void>;
  /** Ends a push that failed. `discard` aborts the unfinished uploads that it created; else they are left for the next one. */
  abandon(options?: RequestOptions & { readonly discard?: boolean }): Promise<void>;
}

/** The modules of a repository that a push writes through. */
export interface PushModules {
  readonly blobs: Blobs;
  readonly manifests: Manifests;
  readonly referrers: Referrers;
  readonly tags: Tags;
  readonly catalog: Catalog;
}

export interface BeginPushOptions extends RequestOptions {
  /** The tag whose image is pushed under another one: what it leads to need not be looked at. The tag that is pushed to, if left out. */
  readonly copiedTag?: Tag | undefined;
  /** The bucket's format, where it was read already. */
  readonly format?: BucketFormat | undefined;
}

/** Collections that a push lets come between before it gives up. */
const maxRounds = 10;
/** Manifests whose referrers are written at once. */
const maxPublished = 16;

/** What a push goes by while nothing comes between. */
interface Outlook {
  readonly collection: CollectionState;
  /** What the tag named, and what that names: complete, and so skipped. */
  readonly complete: ReadonlySet<Digest>;
}

/**
 * Begins a push.
 * @param tag what to tag the root with; without one it is pushed by digest only
 * @throws RegistryError `format-too-new`
 */
export async function beginPush(
  context: RepositoryContext,
  { blobs, manifests, referrers, tags, catalog }: PushModules,
  tag: Tag | undefined,
  { copiedTag = tag, format: knownFormat, ...options }: BeginPushOptions = {},
): Promise<PushSession> {
  const { bucket, name, clock } = context;
  const watch = watchCollection(bucket, name, clock);

  const look = async (collection: CollectionState, requestOptions: RequestOptions | undefined): Promise<Outlook> => {
    const named = copiedTag === undefined || collection.running ? undefined : await tags.get(copiedTag, requestOptions);
    return { collection, complete: new Set(named && digestsOf(named)) };
  };

  const format = knownFormat ?? (await ensureBucketFormat(bucket, clock, options));
  let outlook = await look(await watch.read(options), options);
  let round = 1;
  let isSettled = false;
  let firstManifestAtMs = clock.now();
  /** All that this push sent or found. */
  const used = new Set<Digest>();
  const put = new Map<Digest, StoredManifest>();
  /** Manifests put that have no index of referrers yet. */
  const unindexed = new Set<Digest>();
  /** Unfinished uploads of blobs that were missed. */
  const found = new Map<Digest, FoundUpload | undefined>();
  const unfinished = new Set<UploadHandle>();

  const isLate = (): boolean => clock.now() - firstManifestAtMs > maxUntaggedMs;

  const publish = async ({ descriptor: { digest, size }, manifest }: StoredManifest, signal: AbortSignal): Promise<void> => {
    if (manifest.subject) await referrers.add(manifest.subject.digest, referrerOf(manifest, digest, size), { signal });
    if (unindexed.has(digest)) await referrers.rebuild(digest, { signal });
  };

  /** Children first: images side by side, then the indexes above them, which were put after those that they name. */
  const publishAll = async (signal: AbortSignal | undefined): Promise<void> => {
    const incomplete = [...put.values()].filter(({ descriptor }) => !outlook.complete.has(descriptor.digest));
    const images = incomplete.filter(({ manifest }) => manifest.kind === 'image');
    const indexes = incomplete.filter(({ manifest }) => manifest.kind === 'index');
    await forEachConcurrently(images, maxPublished, publish, signal);
    await forEachConcurrently(indexes, 1, publish, signal);
  };

  const session: PushSession = {
    async hasSubtree({ digest }) {
      if (!outlook.complete.has(digest)) return false;
      used.add(digest);
      return true;
    },
    async hasBlob(blob, requestOptions) {
      used.add(blob.digest);
      // Both at once, though the second is in vain where the blob is there: it saves the others a way there and back
      const [there, upload] = await Promise.allSettled([blobs.has(blob, requestOptions), blobs.findUpload(blob, requestOptions)]);
      if (there.status === 'rejected') throw there.reason;
      if (there.value) return true;
      if (upload.status === 'rejected') throw upload.reason;
      found.set(blob.digest, upload.value);
      return false;
    },
    async putBlob(blob, bytes, putOptions = {}) {
      used.add(blob.digest);
      await blobs.put(blob, bytes, { ...putOptions, unfinished, found: found.get(blob.digest) });
      found.delete(blob.digest);
    },
    async putUnknownBlob(blob, requestOptions) {
      const content = await blobs.putUnknown(blob, requestOptions);
      used.add(content.digest);
      return content;
    },
    async findPacked(recipe, requestOptions) {
      const packed = await findRecordedPack(bucket, recipe, requestOptions);
      // As any other blob that is skipped: what a collection takes of it, this push notices.
      return packed && (await session.hasBlob({ ...packed, mediaType: unknownType }, requestOptions)) ? packed : undefined;
    },
    recordPacked: (recipe, blob, requestOptions) => recordPack(bucket, recipe, blob, requestOptions),
    async putManifest({ digest }, bytes, requestOptions) {
      if (put.size === 0) firstManifestAtMs = clock.now();
      isSettled = false;
      used.add(digest);
      const store = async (signal: AbortSignal): Promise<void> => void put.set(digest, await manifests.put(digest, bytes, { signal }));
      const lookForIndex = async (signal: AbortSignal): Promise<void> => {
        if (await referrers.has(digest, { signal })) unindexed.delete(digest);
        else unindexed.add(digest);
      };
      const isComplete = outlook.complete.has(digest);
      await runTogether(isComplete ? [store] : [store, lookForIndex], requestOptions?.signal);
    },
    async settle(requestOptions) {
      const now = await watch.read(requestOptions);
      isSettled = settlePush(outlook.collection, now, used) === 'settled' && !isLate();
      if (isSettled) return 'settled';
      if (round === maxRounds) throw tooManyCollections(context);
      round += 1;
      put.clear();
      outlook = await look(await watch.waitUntilOver(requestOptions), requestOptions);
      return 'again';
    },
    async commit({ digest }, { signal } = {}) {
      const root = put.get(digest);
      if (!isSettled || !root) throw new RegistryError('internal', `Cannot tag "${digest}" of "${name}": its push is not settled`);
      if (isLate()) throw tooLate(context, digest);
      let setTag: ((options: RequestOptions) => Promise<void>) | undefined;
      // None of these needs another; all come before the tag
      await runTogether(
        [
          async (one) => (outlook.complete.has(digest) ? undefined : catalog.mark(name, { signal: one })),
          (one) => publishAll(one),
          async (one) => void (setTag = tag === undefined ? undefined : await tags.prepare(tag, root, { signal: one })),
        ],
        signal,
      );
      if (isLate()) throw tooLate(context, digest);
      await setTag?.({ signal });
      if (format.catalog) await catalog.include(name, { signal });
    },
    async abandon({ discard = false, signal } = {}) {
      if (!discard) return;
      for (const upload of unfinished) {
        await bucket.multipart?.abort(upload, { signal });
        await context.journal?.forget(upload);
      }
      unfinished.clear();
    },
  };
  return session;
}

/** A manifest and the manifests that it lists. */
function digestsOf({ descriptor, manifest }: StoredManifest): Digest[] {
  return [descriptor.digest, ...(manifest.kind === 'index' ? manifest.manifests.map((child) => child.digest) : [])];
}

function tooManyCollections({ name, bucket }: RepositoryContext): RegistryError {
  return new RegistryError(
    'collection-busy',
    `Cannot push to "${name}": collection came between ${maxRounds} times in ${bucket.location}`,
    {
      hint: 'Push again when fewer collections run.',
    },
  );
}

function tooLate({ name }: RepositoryContext, digest: Digest): RegistryError {
  return new RegistryError(
    'collection-busy',
    `Cannot tag "${digest}" of "${name}": more than ${maxUntaggedMs / 60_000} minutes went by since its manifests were put, and a collection may have begun`,
    { hint: 'Push again: what is there is skipped.' },
  );
}
