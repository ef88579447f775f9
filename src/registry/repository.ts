import type { Bucket } from '../bucket/bucket.ts';
import { parseBucketRepositoryName } from '../layout/bucket-repository-name.ts';
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName, Tag } from '../oci/repository-name.ts';
import { type ByteBudget, createByteBudget } from '../parallel/byte-budget.ts';
import { type ConnectionLimit, createConnectionLimit } from '../parallel/connection-limit.ts';
import type { DigestFile } from '../parallel/file-digest.ts';
import { type Clock, systemClock } from '../streams/clock.ts';
import { type Blobs, createBlobs } from './blobs.ts';
import { type Catalog, createCatalog } from './catalog.ts';
import { deleteManifest } from './delete-manifest.ts';
import { createManifests, type Manifests } from './manifests.ts';
import type { FirstLook } from './push-outlook.ts';
import { beginPush, type BeginPushOptions, lookBeforePush, type PushSession } from './push-session.ts';
import { createReferrers, type Referrers } from './referrers.ts';
import type { RequestOptions } from './repository-context.ts';
import { createTags, type Tags } from './tags.ts';
import type { UploadJournal } from './upload-journal.ts';

/** One repository of a bucket: what push, pull and looking after it mean in the bucket format. */
export interface Repository {
  readonly name: RepositoryName;
  readonly bucket: Bucket;
  readonly blobs: Blobs;
  readonly manifests: Manifests;
  readonly tags: Tags;
  readonly referrers: Referrers;
  readonly catalog: Catalog;
  /**
   * Begins a push; without a tag the root is pushed by digest only.
   * @throws RegistryError `format-too-new`
   */
  beginPush(tag: Tag | undefined, options?: BeginPushOptions): Promise<PushSession>;
  /** Reads what a push begins with, for `beginPush` of the same tags, of this bucket or of another way to it. */
  lookBeforePush(tag: Tag | undefined, options?: Pick<BeginPushOptions, 'copiedTag' | 'signal'>): Promise<FirstLook>;
  /** Deletes a manifest by digest, and its tags only if asked (see `deleteManifest`); gives the tags that went. */
  deleteManifest(digest: Digest, options?: RequestOptions & { readonly withTags?: boolean | undefined }): Promise<readonly Tag[]>;
}

/** What a process decides once: pass the same `connections` and `budget` to every repository. */
export interface RepositoryOptions {
  readonly clock?: Clock | undefined;
  /** 16 connections of its own if left out. */
  readonly connections?: ConnectionLimit | undefined;
  /** 128 MiB of its own if left out. */
  readonly budget?: ByteBudget | undefined;
  /** Digests local files beside this thread; in it, if left out. */
  readonly digestFile?: DigestFile | undefined;
  /** Part size of uploads, in bytes; others do not continue them. The published function of the size if left out. */
  readonly partSizeBytes?: number | undefined;
  /** Lets uploads be continued by the machine that began them, where the store does not tell what its parts hold; without it they are sent anew there. */
  readonly journal?: UploadJournal | undefined;
}

/**
 * Opens a repository, whether or not anything is in it. Nothing is asked yet.
 * @throws RegistryError `name-invalid`, also for a name with a component that the layout reserves
 */
export function openRepository(bucket: Bucket, name: RepositoryName, options: RepositoryOptions = {}): Repository {
  const context = {
    bucket,
    name: parseBucketRepositoryName(name),
    clock: options.clock ?? systemClock,
    connections: options.connections ?? createConnectionLimit(),
    budget: options.budget ?? createByteBudget(),
    digestFile: options.digestFile,
    partSizeBytes: options.partSizeBytes,
    journal: options.journal,
  };
  const manifests = createManifests(context);
  const modules = {
    blobs: createBlobs(context),
    manifests,
    tags: createTags(context, manifests),
    referrers: createReferrers(context),
    catalog: createCatalog(bucket, context.clock),
  };
  return {
    name,
    bucket,
    ...modules,
    beginPush: (tag, pushOptions) => beginPush(context, modules, tag, pushOptions),
    lookBeforePush: (tag, lookOptions) => lookBeforePush(context, modules, tag, lookOptions),
    deleteManifest: (digest, deleteOptions) => deleteManifest(context, modules, digest, deleteOptions),
  };
}
