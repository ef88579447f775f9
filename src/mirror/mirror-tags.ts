import { hasCode } from '../errors/coded-error.ts';
import { throwIfAborted } from '../errors/registry-error.ts';
import type { Tag } from '../oci/repository-name.ts';
import { forEachConcurrently, mapConcurrently } from '../streams/concurrency.ts';
import { copyImage } from '../transfer/copy-image.ts';
import type { Gate } from '../streams/gate.ts';
import { lookAtTag, type TagView } from './look-at-tag.ts';
import type { MirrorJob, MirrorManner } from './mirror-job.ts';
import { reportFailure, type TagReport } from './mirror-report.ts';
import type { MirrorSource } from './mirror-source.ts';
import type { MirrorTarget } from './mirror-target.ts';
import type { Quotas } from './quotas.ts';

/** Both ends of a repository, and what bounds the work on it. */
export interface TagsContext extends MirrorManner {
  readonly job: Pick<MirrorJob, 'host' | 'platforms' | 'referrers'>;
  readonly source: MirrorSource;
  readonly target: MirrorTarget;
  /** Tags that the target's list has. */
  readonly there: ReadonlySet<string>;
  /** For images under way, of all repositories. */
  readonly gate: Gate;
  readonly quotas: Quotas;
}

/** Tags that are looked at at once. */
const maxLooks = 32;

/**
 * Brings tags up to date. Only what changed is asked for; of tags that name one image, the image is copied once and the others are made from it in the target. One bad image
 * stops no other.
 * @throws CodedError `aborted`
 */
export async function mirrorTags(tags: readonly Tag[], context: TagsContext): Promise<TagReport[]> {
  const { source, target, job, there, signal } = context;
  const reports = new Map<Tag, TagReport>();
  const views: TagView[] = [];
  await forEachConcurrently(
    tags,
    maxLooks,
    async (tag, one) => {
      const options = { platforms: job.platforms, isThere: there.has(tag), signal: one };
      const view = await attempt(tag, context, () => lookAtTag(source, target, tag, options));
      if ('outcome' in view) reports.set(tag, view);
      else views.push(view);
    },
    signal,
  );
  const all = await mapConcurrently(groupByImage(views), Infinity, (group) => mirrorGroup(group, context), signal);
  for (const report of all.flat()) reports.set(report.tag as Tag, report);
  return tags.flatMap((tag) => reports.get(tag) ?? []);
}

/** Tags of one image together, those that need nothing first; those whose image is not known are alone. */
function groupByImage(views: readonly TagView[]): TagView[][] {
  const groups = new Map<string, TagView[]>();
  for (const view of views) {
    const key = view.wanted ?? `tag ${view.tag}`;
    const group = groups.get(key) ?? [];
    if (isUnchanged(view)) group.unshift(view);
    else group.push(view);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function isUnchanged({ wanted, found }: TagView): boolean {
  return wanted !== undefined && wanted === found;
}

async function mirrorGroup([first, ...others]: readonly TagView[], context: TagsContext): Promise<TagReport[]> {
  if (first === undefined) return [];
  const report = await mirrorImage(first, context);
  const isThere = report.outcome === 'unchanged' || report.outcome === 'copied';
  const rest = await mapConcurrently(others, maxLooks, async (view) => {
    if (isUnchanged(view)) return describe(view, 'unchanged');
    // What became of the image becomes of its other tags
    if (!isThere) return { ...report, tag: view.tag };
    // The first tag may have moved between the look and the copy
    return report.digest === view.wanted ? tagImage(view, first.tag, context) : mirrorImage(view, context);
  });
  return [report, ...rest];
}

async function mirrorImage(view: TagView, context: TagsContext): Promise<TagReport> {
  const { job, quotas, isDryRun, refreshReferrers, gate, signal } = context;
  if (isUnchanged(view) && !(refreshReferrers && job.referrers && !isDryRun)) return describe(view, 'unchanged');
  if (isDryRun) return describe(view, 'planned');
  const copy = (): Promise<TagReport> =>
    quotas.isSpent(job.host) ? Promise.resolve(describe(view, 'postponed')) : copyFromSource(view, context);
  return attempt(view.tag, context, () => gate.run(copy, signal));
}

async function copyFromSource(view: TagView, { source, target, job, signal }: TagsContext): Promise<TagReport> {
  const { tag, wanted } = view;
  const { platforms = 'all', referrers } = job;
  // A digest pins what was looked at; of chosen platforms it is not the source's
  const image = source.openImage(tag, platforms === 'all' ? wanted : undefined);
  const writing = target.openImage(tag);
  try {
    const { root, summary } = await copyImage(image, writing, { platforms, referrers, signal });
    // The root and what refers to it are put again whenever they are asked for: blobs tell what is new
    const isSame = root.digest === view.found && summary.blobs === 0;
    return { tag, outcome: isSame ? 'unchanged' : 'copied', digest: root.digest, blobs: summary.blobs, bytes: summary.bytes };
  } finally {
    await Promise.all([image.close(), writing.close()]);
  }
}

/** Gives an image of the target one more tag; the registry is not asked. */
function tagImage(view: TagView, from: Tag, context: TagsContext): Promise<TagReport> {
  const { target, gate, signal, isDryRun } = context;
  return attempt(view.tag, context, async () => {
    if (isDryRun) return describe(view, 'planned');
    const [stored, writing] = [target.openStored(from), target.openImage(view.tag, from)];
    try {
      const { root } = await gate.run(() => copyImage(stored, writing, { signal }), signal);
      return { ...describe(view, 'tagged'), digest: root.digest };
    } finally {
      await Promise.all([stored.close(), writing.close()]);
    }
  });
}

function describe({ tag, wanted }: TagView, outcome: TagReport['outcome']): TagReport {
  return { tag, outcome, digest: wanted };
}

/** Makes a failure of one tag its outcome, a registry's limit no failure but a reason to wait; only being stopped is everybody's. */
async function attempt<T>(tag: Tag, { signal, job, quotas }: TagsContext, work: () => Promise<T>): Promise<T | TagReport> {
  try {
    return await work();
  } catch (error) {
    throwIfAborted(signal);
    if (hasCode(error, 'rate-limited') && error.side !== 'target') {
      quotas.refused(job.host);
      return { tag, outcome: 'postponed' };
    }
    return { tag, outcome: 'failed', error: reportFailure(error) };
  }
}
