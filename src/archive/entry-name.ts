import { RegistryError } from '../errors/registry-error.ts';

/**
 * The one spelling of an entry's name: no `./`, no doubled or trailing slash; empty for the archive's root.
 * @throws RegistryError `archive-invalid` for a name that leaves the archive: absolute, with `..`, with a drive or backslashes
 */
export function normalizeEntryName(name: string): string {
  const segments = name.split('/');
  if (name.startsWith('/') || segments.includes('..') || /^[A-Za-z]:|[\\\0]/.test(name)) {
    throw new RegistryError(
      'archive-invalid',
      `Cannot read the archive: its entry ${JSON.stringify(name.slice(0, 200))} would leave its folder`,
    );
  }
  return segments.filter((segment) => segment !== '' && segment !== '.').join('/');
}

/**
 * Where a symbolic link leads, by its own name and its text.
 * @throws RegistryError `archive-invalid` for one that leaves the archive
 */
export function resolveLinkName(linkName: string, target: string): string {
  const resolved = linkName.split('/').slice(0, -1);
  for (const segment of target.split('/')) {
    if (segment === '..' && resolved.pop() !== undefined) continue;
    if (segment === '..' || target.startsWith('/')) {
      throw new RegistryError(
        'archive-invalid',
        `Cannot read the archive: its link ${JSON.stringify(linkName.slice(0, 200))} to ${JSON.stringify(target.slice(0, 200))} would leave its folder`,
      );
    }
    if (segment !== '' && segment !== '.') resolved.push(segment);
  }
  return resolved.join('/');
}
