import type { UploadHandle } from '../bucket/multipart-uploads.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { maxUntaggedMs, settlePush } from '../layout/collection-state.ts';
import { referrerOf } from '../layout/referrers-index.ts';
import type { BucketFormat } from '../layout/format-version.ts';
import type { PackRecipe } from '../layout/pack-recipe.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Tag } from '../oci/repository-name.ts';
import type { ByteSource } from '../streams/byte-source.ts';
import { forEachConcurrently, runTogether } from '../streams/concurrency.ts';
import { type Blobs, type PutBlobOptions, unknownType } from './blobs.ts';
import { searchBlob } from './blob-search.ts';
import { ensureBucketFormat } from './bucket-format.ts';
import type { Catalog } from './catalog.ts';
import { watchCollection } from './collection-watch.ts';
import type { Manifests, StoredManifest } from './manifests.ts';
import { findRecordedPack, recordPack } from './pack-recipes.ts';
import { maxPublished, prepareAhead } from './push-ahead.ts';
import { type FirstLook, readOutlook } from './push-outlook.ts';
import { createRound, isSettledEarly, renewRoot } from './push-round.ts';
import type { Referrers } from './referrers.ts';
import type { RepositoryContext, RequestOptions } from './repository-context.ts';
import type { BlobContent, UnknownBlob } from './staged-upload.ts';
import type { Tags } from './tags.ts';

/*
 * One push, so that readers are never broken and collection cannot race it (docs/bucket-layout.md, "Order of writes" and "Collection").
 *
 * Order of writes: the format, if the bucket has none → blobs and configs and, beside them, for each manifest that is coming its own index of referrers, which is empty → manifests, children
 * before their parents, and beside the first of them the repository's marker → [settled] → the manifest that the tag named till now, once more (before or beside all this); what each manifest refers
 * to learns of it → the tag → `tags/list` → `_catalog`. All that needs no answer of another goes side by side: a way there and back is what a small push is made of (test/requests counts them).
 *
 * What a crash leaves: before the tag, objects that no tag leads to, empty indexes of manifests that never came among them: clients see what they saw before, the same push again skips what is there, and in the end collection takes
 * the rest. After the tag, a whole image whose name may not be in a list yet: the same push again, or any other of the repository, lists it. A referrer becomes visible in its
 * subject's index only when all of its own push is there, like a tag.
 *
 * Handshake: `_collection` is read before anything else is looked at (begin). A blob that HEAD shows is skipped. A subtree is skipped only when the tag leads to it: a tag is
 * written last, so all below it was there, and what a tag reaches is not condemned; that a manifest is there would prove nothing, since its push may have crashed before it
 * noticed that a collection took a blob. While a collection is under way no subtree is skipped. Manifests, the root always among them, are put even if they are there: being
 * young they protect all they reach. `_collection` is read again after them (settle): if its generation changed, or it condemned anything of ours, the push waits until
 * no collection is under way, looks at everything again, sends what is missing, puts the manifests again, and asks again. Only then it tags. A push that found nothing of its own when it looked
 * asks before its manifests, beside its blobs (push-ahead.ts): whatever is there of it later is young. A push of what the tag names already writes nothing.
 */

/** One push under way into a repository of a bucket; what `transfer/` calls an image writer. */
export interface PushSession {
  /** Whether a manifest and all below it are there for sure, so that nothing below need be looked at. */
  hasSubtree(manifest: Descriptor, options?: RequestOptions): Promise<boolean>;
  /** Whether a blob is there, of this size. `isProbablyNew`: a guess that it is not, by which its sending is begun at once. */
  hasBlob(blob: Descriptor, options?: RequestOptions & { readonly isProbablyNew?: boolean | undefined }): Promise<boolean>;
  /** Does beside the sending of blobs what does not need their end. `manifests`: all that are going to be put in this round. */
  prepare(root: Descriptor, manifests: readonly Descriptor[], options?: RequestOptions): Promise<void>;
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
  /** The bucket's format, where it was read already; `none` where it was, and there is none. */
  readonly format?: BucketFormat | 'none' | undefined;
  /** What was read of the repository already, for the same tags. */
  readonly firstLook?: FirstLook | undefined;
}

/** Collections that a push lets come between before it gives up. */
const maxRounds = 10;
/** Uploads that are created before it is known that their blobs are not there: enough to keep all connections busy. */
const maxCreatedAhead = 4;

/** Reads what a push begins with, where that can be done before the push: beside the bucket's format. */
export async function lookBeforePush(
  { bucket, name, clock }: RepositoryContext,
  { tags }: Pick<PushModules, 'tags'>,
  tag: Tag | undefined,
  { copiedTag = tag, ...options }: Pick<BeginPushOptions, 'copiedTag' | 'signal'> = {},
): Promise<FirstLook> {
  const watch = watchCollection(bucket, name, clock);
  return { watch, outlook: await readOutlook({ tags, watch, clock, tag, copiedTag }, options) };
}

/**
 * Begins a push.
 * @param tag what to tag the root with; without one it is pushed by digest only
 * @throws RegistryError `format-too-new`
 */
export async function beginPush(
  context: RepositoryContext,
  modules: PushModules,
  tag: Tag | undefined,
  { copiedTag = tag, format: knownFormat, firstLook, ...options }: BeginPushOptions = {},
): Promise<PushSession> {
  const { bucket, name, clock } = context;
  const { blobs, manifests, referrers, tags, catalog } = modules;
  const isKnown = knownFormat !== undefined && knownFormat !== 'none';
  const format = isKnown ? knownFormat : await ensureBucketFormat(bucket, clock, { ...options, isProbablyNew: knownFormat === 'none' });
  const { watch, outlook } = firstLook ?? (await lookBeforePush(context, modules, tag, { copiedTag, ...options }));
  let round = createRound(outlook);
  let rounds = 1;
  /** All that this push sent or found. */
  const used = new Set<Digest>();
  const unfinished = new Set<UploadHandle>();
  /** Uploads that were created before it was known that their blobs are not there, and have no part yet. */
  const ahead = new Set<UploadHandle>();
  let createdAhead = 0;
  /** Uploads that were created in vain. */
  const superfluous = new Set<UploadHandle>();

  const isLate = (): boolean => clock.now() - round.sinceMs > maxUntaggedMs;

  /** Of a new repository, and of an image that replaces another, whatever no tag vouches for is probably new. */
  const mayCreateAhead = (isProbablyNew: boolean): boolean =>
    createdAhead < maxCreatedAhead && (isProbablyNew || !round.outlook.list || round.outlook.complete.size > 0);

  /** Whether the blob is below what a tag named. */
  const isVouchedFor = ({ digest, size }: Descriptor): boolean => round.outlook.completeBlobs.get(digest) === size;

  const lookForBlob = async (blob: Descriptor, mayBegin: boolean, { signal }: RequestOptions = {}): Promise<boolean> => {
    const isAhead = mayBegin && blobs.isSentInParts(blob);
    if (isAhead) createdAhead += 1;
    const search = await searchBlob(blobs, blob, { createdAhead: isAhead ? ahead : undefined, signal });
    if (search.superfluous) superfluous.add(search.superfluous);
    if (!search.isMissed && !isVouchedFor(blob)) round.hasFound = true;
    if (!search.isThere) round.missed.set(blob.digest, search.upload);
    return search.isThere;
  };

  /** Only this process knows of them, and what cannot be removed is of no harm. */
  const abortUploads = async (uploads: Iterable<UploadHandle>, signal: AbortSignal | undefined): Promise<void> => {
    for (const upload of uploads) {
      superfluous.delete(upload);
      await bucket.multipart?.abort(upload, { signal }).then(
        () => void (ahead.delete(upload), unfinished.delete(upload)),
        () => undefined,
      );
    }
  };

  /** All blobs are there: what is unfinished now was begun ahead for a blob that came by another way, as a copy of the store's. */
  const abortLeft = (signal: AbortSignal): Promise<void> => abortUploads([...ahead, ...unfinished], signal);

  const readOld = async (signal: AbortSignal): Promise<void> => {
    if (tag !== undefined) round.old = { named: await tags.get(tag, { signal }), isRenewed: false };
  };

  const renewOld = async (root: Digest | undefined, signal: AbortSignal): Promise<void> => {
    const { old } = round;
    if (!old || old.isRenewed || root === undefined) return;
    if (old.named && old.named.descriptor.digest !== root) await renewRoot(manifests, round, old.named, clock, signal);
    round.old = { named: old.named, isRenewed: true };
  };

  const mark = async (signal: AbortSignal): Promise<void> => {
    await catalog.mark(name, { isProbablyNew: true, signal });
    round.isMarked = true;
  };

  const publish = async ({ descriptor: { digest, size }, manifest }: StoredManifest, signal: AbortSignal): Promise<void> => {
    if (manifest.subject) await referrers.add(manifest.subject.digest, referrerOf(manifest, digest, size), { signal });
    if (!round.indexed.has(digest)) await (await referrers.look(digest, { signal })).publish({ signal });
  };

  /** Children first: images side by side, then the indexes above them, which were put after those that they name. */
  const publishAll = async (signal: AbortSignal): Promise<void> => {
    const incomplete = [...round.put.values()].filter(({ descriptor }) => !round.outlook.complete.has(descriptor.digest));
    const images = incomplete.filter(({ manifest }) => manifest.kind === 'image');
    const indexes = incomplete.filter(({ manifest }) => manifest.kind === 'index');
    await forEachConcurrently(images, maxPublished, publish, signal);
    await forEachConcurrently(indexes, 1, publish, signal);
  };

  /** What the tag names must be young when it is taken from it. */
  const releaseTag = async (root: Digest, signal: AbortSignal): Promise<void> => {
    if (!round.old) await readOld(signal);
    await renewOld(root, signal);
  };

  const session: PushSession = {
    async hasSubtree({ digest }) {
      if (!round.outlook.complete.has(digest)) return false;
      used.add(digest);
      return true;
    },
    async hasBlob(blob, { isProbablyNew = false, signal } = {}) {
      used.add(blob.digest);
      return isVouchedFor(blob) || lookForBlob(blob, mayCreateAhead(isProbablyNew), { signal });
    },
    async prepare(root, coming, { signal: outer } = {}) {
      const { named } = round.outlook;
      round.root = root.digest;
      round.isUnchanged = coming.length === 1 && named !== 'unread' && named?.descriptor.digest === root.digest;
      if (round.isUnchanged) return;
      const place = { manifests, referrers, tags, watch, clock, tag };
      await runTogether([(signal) => prepareAhead(place, round, coming, { signal }), (signal) => abortUploads(superfluous, signal)], outer);
    },
    async putBlob(blob, bytes, putOptions = {}) {
      used.add(blob.digest);
      if (!round.missed.has(blob.digest)) round.hasFound = true;
      const found = round.missed.get(blob.digest);
      if (found?.upload && ahead.delete(found.upload.handle)) unfinished.add(found.upload.handle);
      await blobs.put(blob, bytes, { ...putOptions, unfinished, found });
    },
    async putUnknownBlob(blob, requestOptions) {
      const content = await blobs.putUnknown(blob, requestOptions);
      used.add(content.digest);
      return content;
    },
    async findPacked(recipe, requestOptions) {
      const packed = await findRecordedPack(bucket, recipe, requestOptions);
      if (!packed) return undefined;
      // As any other blob that is skipped: what a collection takes of it, this push notices. A record is a hint, so the blob is looked for even if a tag names it
      used.add(packed.digest);
      return (await lookForBlob({ ...packed, mediaType: unknownType }, false, requestOptions)) ? packed : undefined;
    },
    recordPacked: (recipe, blob, requestOptions) => recordPack(bucket, recipe, blob, requestOptions),
    async putManifest({ digest }, bytes, requestOptions) {
      round.isSettled = false;
      used.add(digest);
      const { named } = round.outlook;
      if (round.isUnchanged && named && named !== 'unread') {
        round.put.set(digest, named);
        return;
      }
      const isFirst = round.firstManifestAtMs === undefined;
      round.firstManifestAtMs ??= clock.now();
      await runTogether(
        [
          async (signal) => void round.put.set(digest, await manifests.put(digest, bytes, { signal })),
          ...(isFirst && !round.isMarked ? [mark] : []),
          ...(isFirst && !isSettledEarly(round, used, clock) ? [readOld] : []),
        ],
        requestOptions?.signal,
      );
    },
    async settle({ signal } = {}) {
      if (round.isUnchanged || isSettledEarly(round, used, clock)) {
        const { beganAtMs, named } = round.outlook;
        round.sinceMs = beganAtMs;
        if (round.isNamedRenewed && named !== 'unread') round.old = { named, isRenewed: true };
        round.isSettled = true;
        return 'settled';
      }
      round.sinceMs = round.firstManifestAtMs ?? clock.now();
      let now = round.outlook.collection;
      await runTogether([async (one) => void (now = await watch.read({ signal: one })), (one) => renewOld(round.root, one)], signal);
      round.isSettled = settlePush(round.outlook.collection, now, used) === 'settled' && !isLate();
      if (round.isSettled) return 'settled';
      if (rounds === maxRounds) throw tooManyCollections(context);
      rounds += 1;
      const known = await watch.waitUntilOver({ signal });
      round = createRound(await readOutlook({ tags, watch, clock, tag, copiedTag }, { known, signal }));
      return 'again';
    },
    async commit({ digest }, { signal } = {}) {
      const root = round.put.get(digest);
      if (!round.isSettled || !root) throw new RegistryError('internal', `Cannot tag "${digest}" of "${name}": its push is not settled`);
      if (round.isUnchanged) {
        if (tag !== undefined) await tags.include(tag, { read: round.outlook.list, signal });
      } else {
        if (isLate()) throw tooLate(context, digest);
        // None of these needs another; all come before the tag
        await runTogether([...(round.isMarked ? [] : [mark]), publishAll, (one) => releaseTag(digest, one), abortLeft], signal);
        if (isLate()) throw tooLate(context, digest);
        if (tag !== undefined) await tags.put(tag, root, { isMoved: round.old?.named !== undefined, list: round.list, signal });
      }
      if (format.catalog) await catalog.include(name, { signal });
    },
    async abandon({ discard = false, signal } = {}) {
      // Nobody goes on with what has no part
      await abortUploads([...ahead], signal);
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
