import { RegistryError } from '../errors/registry-error.ts';
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName, Tag } from '../oci/repository-name.ts';
import type { ResolvedBucketPlace } from '../runtime/resolve-place.node.ts';
import { formatPlace } from '../transports/place.ts';

/** A place of one image: with a repository, and a tag or a digest. */
export type ImagePlace = ResolvedBucketPlace & { readonly repository: RepositoryName } & (
    | { readonly tag: Tag; readonly digest?: undefined }
    | { readonly tag?: undefined; readonly digest: Digest }
  );

/**
 * Narrows a place to one that names an image.
 * @throws RegistryError `reference-ambiguous`
 */
export function requireImage(place: ResolvedBucketPlace): ImagePlace {
  const { address, kind, repository, tag, digest } = place;
  if (repository !== undefined && tag !== undefined) return { kind, address, repository, tag };
  if (repository !== undefined && digest !== undefined) return { kind, address, repository, digest };
  throw new RegistryError('reference-ambiguous', `Cannot tell which image "${formatPlace(place)}" is: wanted …/NAME:TAG or …/NAME@DIGEST`, {
    hint:
      repository === undefined ? '"bucketry ls" lists the repositories of a bucket.' : '"bucketry tags" lists the tags of a repository.',
  });
}
