import type { CollectionState } from '../layout/collection-state.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Tag } from '../oci/repository-name.ts';
import type { Clock } from '../streams/clock.ts';
import { forEachConcurrently, mapConcurrently, runTogether } from '../streams/concurrency.ts';
import type { CollectionWatch } from './collection-watch.ts';
import type { Manifests } from './manifests.ts';
import { type PushRound, renewRoot } from './push-round.ts';
import type { Referrers, SubjectLook } from './referrers.ts';
import type { RequestOptions } from './repository-context.ts';
import type { Tags } from './tags.ts';

/** What is written through, and watched. */
export interface AheadPlace {
  readonly manifests: Manifests;
  readonly referrers: Referrers;
  readonly tags: Tags;
  readonly watch: CollectionWatch;
  readonly clock: Clock;
  readonly tag: Tag | undefined;
}

/** Manifests whose referrers are looked at or written at once. */
export const maxPublished = 16;

/**
 * Does, while blobs are on their way, all that does not need their end, so that less is left to do after it: the manifests' indexes of referrers, which say no more than that nothing
 * refers to them, and so are the truth before the manifests are there; the list of tags with the one that is coming, not yet put.
 *
 * If all that no tag vouches for was looked for and missed, `_collection` is read the second time now: whatever is there of it later was put meanwhile, and no collection that begins
 * later takes what is young (docs/bucket-layout.md, "A push").
 */
export async function prepareAhead(
  place: AheadPlace,
  round: PushRound,
  coming: readonly Descriptor[],
  { signal: outer }: RequestOptions,
): Promise<void> {
  const { manifests, referrers, tags, watch, tag } = place;
  const { outlook } = round;
  const incomplete = coming.filter(({ digest }) => !outlook.complete.has(digest));

  const lookAt = async ({ digest }: Descriptor, signal: AbortSignal): Promise<SubjectLook | undefined> => {
    let look: SubjectLook | undefined;
    let isThere = false;
    await runTogether(
      [
        async (one) => void (look = await referrers.look(digest, { signal: one })),
        async (one) => void (isThere = await manifests.isThere(digest, { signal: one })),
      ],
      signal,
    );
    if (isThere || look?.isThere) round.hasFound = true;
    return look;
  };
  const publish = async (looks: readonly (SubjectLook | undefined)[], signal: AbortSignal): Promise<void> =>
    forEachConcurrently(
      looks.entries(),
      maxPublished,
      async ([index, look], one) => {
        await look?.publish({ signal: one });
        const manifest = incomplete[index];
        if (manifest) round.indexed.add(manifest.digest);
      },
      signal,
    );
  const askEarly = async (signal: AbortSignal): Promise<void> => {
    if (round.hasFound) return;
    let early: CollectionState | undefined;
    await runTogether([async (one) => void (early = await watch.read({ signal: one })), (one) => renewNamed(place, round, one)], signal);
    round.early = early;
  };
  const prepareList = async (signal: AbortSignal): Promise<void> => {
    if (tag === undefined || (outlook.named !== undefined && outlook.named !== 'unread')) return;
    round.list = await tags.prepareList(tag, outlook.list, { signal });
  };

  await runTogether(
    [
      async (signal) => {
        const looks = await mapConcurrently(incomplete, maxPublished, lookAt, signal);
        await runTogether([(one) => publish(looks, one), askEarly], signal);
      },
      prepareList,
    ],
    outer,
  );
}

/** What the tag named when the push began is put again, as it would be just before the tag moves: a push that asked early tags as long as both are young. */
async function renewNamed({ manifests, tag, clock }: AheadPlace, round: PushRound, signal: AbortSignal): Promise<void> {
  const { named } = round.outlook;
  if (tag === undefined || named === 'unread') return;
  if (named && named.descriptor.digest !== round.root) await renewRoot(manifests, round, named, clock, signal);
  round.isNamedRenewed = true;
}
