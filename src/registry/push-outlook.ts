import { type CollectionState, maxUntaggedMs } from '../layout/collection-state.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { isForeignLayerType, isManifestType } from '../oci/media-types.ts';
import type { Tag } from '../oci/repository-name.ts';
import type { Clock } from '../streams/clock.ts';
import { runTogether } from '../streams/concurrency.ts';
import type { CollectionWatch } from './collection-watch.ts';
import type { Version } from './derived-object.ts';
import type { StoredManifest } from './manifests.ts';
import type { RequestOptions } from './repository-context.ts';
import type { Tags } from './tags.ts';

/** What a push goes by while nothing comes between. */
export interface Outlook {
  readonly collection: CollectionState;
  /** When the first of its reads was sent. */
  readonly beganAtMs: number;
  /** What the tag that is pushed to named; `unread` where another one is copied, or a collection is under way. */
  readonly named: StoredManifest | undefined | 'unread';
  /** What a tag named, and the manifests that it lists: complete, and so skipped. */
  readonly complete: ReadonlySet<Digest>;
  /** The blobs that it names itself, with their sizes. */
  readonly completeBlobs: ReadonlyMap<Digest, number>;
  /** `tags/list`; where there is one, there was a push before. */
  readonly list: Version | undefined;
}

/** What is read before anything else, and who goes on watching. */
export interface FirstLook {
  readonly watch: CollectionWatch;
  readonly outlook: Outlook;
}

/** Where an outlook is read from, and for which tags. */
export interface OutlookPlace {
  readonly tags: Tags;
  readonly watch: CollectionWatch;
  readonly clock: Clock;
  readonly tag: Tag | undefined;
  /** The tag that is read for a witness. */
  readonly copiedTag: Tag | undefined;
}

/**
 * Reads what a push goes by, side by side. The tag may so be read before `_collection`, and lose what it names between both: but whoever takes a tag from a manifest makes that young
 * first, so it stays for a grace period, and answers that lie further apart than half of one prove nothing (test/model).
 */
export async function readOutlook(
  { tags, watch, clock, tag, copiedTag }: OutlookPlace,
  { known, signal: outer }: RequestOptions & { readonly known?: CollectionState | undefined } = {},
): Promise<Outlook> {
  const beganAtMs = clock.now();
  let collection = known;
  let witness: StoredManifest | undefined;
  let list: Version | undefined;
  await runTogether(
    [
      async (signal) => void (collection ??= await watch.read({ signal })),
      async (signal) => void (witness = copiedTag && (await tags.get(copiedTag, { signal }))),
      async (signal) => void (list = await tags.readList({ signal })),
    ],
    outer,
  );
  const isProof = !collection?.running && clock.now() - beganAtMs < maxUntaggedMs;
  return {
    collection: collection ?? (await watch.read({ signal: outer })),
    beganAtMs,
    named: isProof && tag === copiedTag ? witness : 'unread',
    complete: new Set(isProof && witness ? listManifests(witness) : []),
    completeBlobs: new Map(isProof && witness ? listBlobs(witness).map(({ digest, size }) => [digest, size]) : []),
    list,
  };
}

function listManifests({ descriptor, manifest }: StoredManifest): readonly Digest[] {
  const listed = manifest.kind === 'index' ? manifest.manifests.filter(({ mediaType }) => isManifestType(mediaType)) : [];
  return [descriptor, ...listed].map(({ digest }) => digest);
}

function listBlobs({ manifest }: StoredManifest): readonly Descriptor[] {
  if (manifest.kind === 'index') return [];
  return [manifest.config, ...manifest.layers.filter(({ mediaType }) => !isForeignLayerType(mediaType))];
}
