import { RegistryError } from '../errors/registry-error.ts';
import { parseRegistryReference } from '../oci/reference.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { MirrorJob } from '../mirror/mirror-job.ts';
import { parsePruneBound } from '../mirror/prune-bound.ts';
import { createTagSelector, type TagSelection } from '../mirror/select-tags.ts';
import type { FlagValues, IntegerFlag, ListFlag, SwitchFlag, TextFlag } from './flags.ts';
import { copyFlags, parsePlatforms } from './shared-flags.ts';

/** Of `mirror`, for the one repository of its command line; in a file each repository has its own. */
export const repositoryFlags: RepositoryFlags = {
  tags: {
    kind: 'list',
    value: 'PATTERN',
    group: 'What to copy',
    doc: 'Only tags of this pattern, or of one of several: `*` stands for any characters, `?` for one. After `!` a pattern leaves out. All if left out.',
  },
  semver: {
    kind: 'text',
    value: 'RANGE',
    group: 'What to copy',
    doc: "Of these, only versions within a range as npm spells it, such as `'>=1.2 <2'`. Pre-releases, and variants such as 1.2-alpine, are within few ranges.",
  },
  latest: {
    kind: 'integer',
    value: 'N',
    group: 'What to copy',
    range: [0, 100_000],
    default: 0,
    doc: 'Of these, only the N highest versions; 0 means all. Pre-releases count where `--tags` or `--semver` let them in. Tags that are no versions are left out.',
  },
  platform: copyFlags.platform,
  'no-referrers': {
    kind: 'switch',
    group: 'What to copy',
    doc: 'Leave out what refers to the images (signatures, SBOMs), and what cosign tags of them.',
  },
  prune: { kind: 'switch', doc: 'Delete tags that are gone at the source, among those that `--tags` and `--semver` mean.' },
  'max-prune': {
    kind: 'text',
    value: 'N',
    default: '10%',
    doc: 'Delete no more tags than this of a repository, a number or a share of its tags; if more are gone, delete none and fail. Of a share at least one.',
  },
};

export type RepositoryFlags = {
  readonly tags: ListFlag;
  readonly semver: TextFlag;
  readonly latest: IntegerFlag;
  readonly platform: ListFlag;
  readonly 'no-referrers': SwitchFlag;
  readonly prune: SwitchFlag;
  readonly 'max-prune': TextFlag & { readonly default: string };
};

/**
 * The repository that the command line names. A tag in `from` chooses that one.
 * @throws RegistryError `usage-invalid`, `reference-invalid`, …
 */
export function readJob(from: string, target: RepositoryName, flags: FlagValues<RepositoryFlags>): MirrorJob {
  const { host, repository, tag, digest } = parseRegistryReference(from);
  if (digest !== undefined) {
    throw new RegistryError('reference-invalid', `Cannot mirror ${JSON.stringify(from)}: wanted a repository or a tag, found a digest`, {
      hint: '"bucketry push docker://…" copies one image.',
    });
  }
  const isTagged = tag !== undefined && from.endsWith(`:${tag}`);
  if (isTagged && (flags.tags.length > 0 || flags.semver !== undefined || flags.latest > 0)) {
    throw new RegistryError('usage-invalid', `Cannot choose among the tags of ${JSON.stringify(from)}: it is one tag already`);
  }
  const selection: TagSelection = {
    tags: isTagged ? [tag] : flags.tags,
    semver: flags.semver,
    latest: flags.latest === 0 ? undefined : flags.latest,
  };
  createTagSelector(selection);
  return {
    host,
    repository,
    target,
    selection,
    platforms: parsePlatforms(flags.platform),
    referrers: !flags['no-referrers'],
    prune: flags.prune ? parsePruneBound(flags['max-prune']) : undefined,
  };
}
