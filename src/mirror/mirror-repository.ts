import type { Digest } from '../oci/digest.ts';
import { isTag, type Tag } from '../oci/repository-name.ts';
import { throwIfAborted } from '../errors/registry-error.ts';
import { forEachConcurrently } from '../streams/concurrency.ts';
import { companionSubject, isOwnTag } from '../oci/companion-tag.ts';
import type { MirrorJob } from './mirror-job.ts';
import { reportFailure, type ReportedError, type RepositoryReport, type TagReport } from './mirror-report.ts';
import { mirrorTags, type TagsContext } from './mirror-tags.ts';
import { findGoneTags, pruneTags } from './prune-tags.ts';
import { createTagSelector } from './select-tags.ts';

/** A repository under way, but for what its lists tell. */
export type RepositoryContext = Omit<TagsContext, 'job' | 'there'>;

/** Images whose list of manifests is read at once. */
const maxReads = 32;

/**
 * Keeps one repository in step: its tags, then what cosign tags of them, then the tags that are gone. What fails is told in the report.
 * @throws CodedError `aborted`
 */
export async function mirrorRepository(job: MirrorJob, context: RepositoryContext): Promise<RepositoryReport> {
  const { source, target, signal, isDryRun } = context;
  const tags: TagReport[] = [];
  let pruned: readonly Tag[] = [];
  let error: ReportedError | undefined;
  try {
    const selector = createTagSelector(job.selection);
    const [offered, there] = await Promise.all([Array.fromAsync(source.listTags({ signal })), target.listTags({ signal })]);
    const tagsContext: TagsContext = { ...context, job, there: new Set(there) };
    tags.push(...(await mirrorTags(selector.select(offered), tagsContext)));
    if (job.referrers) tags.push(...(await mirrorCompanions(offered, tags, tagsContext)));
    if (job.prune) {
      const gone = findGoneTags({ selector, offered, there, bound: job.prune, location: target.location });
      if (!isDryRun) await pruneTags(target, gone, signal);
      pruned = gone;
    }
  } catch (thrown) {
    throwIfAborted(signal);
    error = reportFailure(thrown);
  }
  return { source: source.location, target: target.location, tags, pruned, error };
}

/** Mirrors what cosign tags of the images that are there by now, and of those in turn. They are whole images: chosen platforms are not for them. */
async function mirrorCompanions(offered: readonly string[], mirrored: readonly TagReport[], context: TagsContext): Promise<TagReport[]> {
  let left = offered.filter(isTag).filter((tag) => companionSubject(tag) !== undefined);
  const reports: TagReport[] = [];
  for (let images = mirrored; left.length > 0 && images.length > 0;) {
    const digests = await digestsOf(images, context);
    const isAbout = (tag: Tag): boolean => digests.has(companionSubject(tag) ?? '');
    const found = left.filter(isAbout);
    left = left.filter((tag) => !isAbout(tag));
    images = await mirrorTags(found, { ...context, job: { ...context.job, platforms: undefined } });
    reports.push(...images);
  }
  return reports;
}

/** Digests of images and of what they list, as far as they are there. */
async function digestsOf(images: readonly TagReport[], { target, signal, isDryRun }: TagsContext): Promise<ReadonlySet<string>> {
  const digests = new Set<string>();
  const known = images.filter(({ outcome }) => outcome !== 'failed' && outcome !== 'postponed');
  await forEachConcurrently(
    known,
    maxReads,
    async ({ tag, digest, outcome }, one) => {
      if (digest !== undefined) digests.add(digest);
      // Of cosign's own tags nothing but the manifest is looked at
      if ((isDryRun && outcome === 'planned') || !isOwnTag(tag)) return;
      const below: readonly Digest[] = await target.digestsBelow(tag as Tag, { signal: one });
      for (const each of below) digests.add(each);
    },
    signal,
  );
  return digests;
}
