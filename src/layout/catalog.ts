import * as v from 'valibot';
import type { RepositoryName } from '../oci/repository-name.ts';
import { isBucketRepositoryName } from './bucket-repository-name.ts';
import { formatDocument, parseDocument, sortNames } from './document.ts';

const schema: v.GenericSchema<unknown, { readonly repositories: readonly RepositoryName[] }> = v.object({
  repositories: v.array(
    v.custom<RepositoryName>((value) => typeof value === 'string' && isBucketRepositoryName(value), 'not a repository name'),
  ),
});

/** `v2/_catalog` of these repositories, sorted by bytes. */
export function formatCatalog(names: Iterable<RepositoryName>): Uint8Array {
  return formatDocument({ repositories: sortNames(names) });
}

/**
 * Reads a catalog; it is derived from the repository markers.
 * @throws RegistryError `format-invalid`
 */
export function parseCatalog(bytes: Uint8Array): readonly RepositoryName[] {
  return parseDocument(schema, bytes, 'the catalog').repositories;
}
