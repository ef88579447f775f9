import { type Range, type SemVer } from 'semver';
import semver from 'semver';
import { RegistryError } from '../errors/registry-error.ts';

/** A tag as people write versions: `v` or not, one to three numbers, and what follows a `-` or, as Helm writes a `+`, a `_`. */
const grammar = /^v?(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?(-[0-9A-Za-z.-]+)?(?:_[0-9A-Za-z._-]+)?$/;

/** The version that a tag spells, missing numbers being 0 (`3.20` is 3.20.0); undefined where it spells none. */
export function parseTagVersion(tag: string): SemVer | undefined {
  const [, major, minor = '0', patch = '0', rest = ''] = grammar.exec(tag) ?? [];
  if (major === undefined) return undefined;
  // Loose, for leading zeros: Ubuntu's 24.04
  return semver.parse(`${major}.${minor}.${patch}${rest}`, { loose: true }) ?? undefined;
}

/** Whether a version is before another: negative, zero or positive, for sorting. */
export function compareVersions(a: SemVer, b: SemVer): number {
  return semver.compare(a, b);
}

/** Reads a range of npm's spelling. @throws RegistryError `usage-invalid` */
export function parseVersionRange(text: string): Range {
  try {
    return new semver.Range(text, { loose: true });
  } catch (error) {
    throw new RegistryError(
      'usage-invalid',
      `Cannot read ${JSON.stringify(text.slice(0, 200))} as a range of versions: wanted one as npm spells them, such as ">=1.2 <2"`,
      { cause: error },
    );
  }
}
