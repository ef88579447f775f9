import { RegistryError } from '../errors/registry-error.ts';
import { isTag, type Tag } from '../oci/repository-name.ts';
import { isOwnTag } from '../oci/companion-tag.ts';
import { parseTagPatterns, type TagFilter } from './tag-pattern.ts';
import { compareVersions, parseTagVersion, parseVersionRange } from './tag-version.ts';

/** Which tags of a repository are mirrored. */
export interface TagSelection {
  /** Patterns (see `parseTagPatterns`); all tags if left out. */
  readonly tags?: readonly string[] | undefined;
  /** A range of versions, in npm's spelling. */
  readonly semver?: string | undefined;
  /** Of those, the highest versions only, so many. */
  readonly latest?: number | undefined;
}

/** A selection that was read. */
export interface TagSelector {
  /** Whether a tag is meant by its name, whatever others there are: `latest` is not asked. */
  readonly matches: TagFilter;
  /**
   * The tags to mirror, in the order in which they came.
   * @throws RegistryError `tag-missing` where the highest versions are wanted and no tag is a version
   */
  select(offered: readonly string[]): readonly Tag[];
}

/**
 * Reads a selection. What cosign and the referrers tag schema call tags is never selected: it goes with its image.
 * @throws RegistryError `usage-invalid`
 */
export function createTagSelector({ tags = [], semver, latest }: TagSelection): TagSelector {
  const isNamed = parseTagPatterns(tags);
  const range = semver === undefined ? undefined : parseVersionRange(semver);
  const matches = (tag: string): boolean => {
    if (!isOwnTag(tag) || !isNamed(tag)) return false;
    const version = range && parseTagVersion(tag);
    return range === undefined || (version !== undefined && range.test(version));
  };
  // `3.20-alpine` is a pre-release by its spelling: it counts where somebody asked for such
  const takesPrereleases = tags.length > 0 || range !== undefined;
  return {
    matches,
    select(offered) {
      const named = [...new Set(offered)].filter(isTag).filter(matches);
      return latest === undefined ? named : chooseLatest(named, latest, takesPrereleases);
    },
  };
}

function chooseLatest(tags: readonly Tag[], count: number, takesPrereleases: boolean): readonly Tag[] {
  const versions = tags.flatMap((tag) => {
    const version = parseTagVersion(tag);
    return version === undefined || (version.prerelease.length > 0 && !takesPrereleases) ? [] : [{ tag, version }];
  });
  if (versions.length === 0 && tags.length > 0) {
    throw new RegistryError('tag-missing', `Cannot choose the latest ${count} of ${tags.length} tags: none of them is a version`, {
      hint: 'Name the tags by patterns instead: a registry does not tell which is newest.',
    });
  }
  const chosen = new Set(
    versions
      .toSorted((a, b) => compareVersions(b.version, a.version))
      .slice(0, count)
      .map(({ tag }) => tag),
  );
  return tags.filter((tag) => chosen.has(tag));
}
