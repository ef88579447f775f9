import { RegistryError } from '../errors/registry-error.ts';
import { isRepositoryName, parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts';

/**
 * Components that no repository of a bucket may have: `team/blobs` would lie among the blobs of `team`, and a key below a key cannot be held by stores that are
 * file systems underneath.
 */
const reservedComponents: ReadonlySet<string> = new Set(['blobs', 'manifests', 'tags', 'referrers']);

/**
 * Reads a repository name as a bucket can hold it: the specification's grammar (which lets no component begin with `_`), without the components that the layout reserves.
 * @throws RegistryError `name-invalid`
 */
export function parseBucketRepositoryName(text: string): RepositoryName {
  const name = parseRepositoryName(text);
  const reserved = findReservedComponent(name);
  if (reserved !== undefined) {
    throw new RegistryError(
      'name-invalid',
      `Cannot use "${name}" as a repository name in a bucket: its component "${reserved}" is the name of a folder of the bucket format`,
      { hint: `Choose a name without the components ${[...reservedComponents].join(', ')}.` },
    );
  }
  return name;
}

/** Whether a text is a repository name that a bucket can hold. */
export function isBucketRepositoryName(text: string): text is RepositoryName {
  return isRepositoryName(text) && findReservedComponent(text) === undefined;
}

function findReservedComponent(name: RepositoryName): string | undefined {
  return name.split('/').find((component) => reservedComponents.has(component));
}
