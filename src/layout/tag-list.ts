import * as v from 'valibot';
import type { RepositoryName, Tag } from '../oci/repository-name.ts';
import { isRepositoryName } from '../oci/repository-name.ts';
import { formatDocument, parseDocument, sortNames } from './document.ts';
import { isBucketTag } from './bucket-tag.ts';

/** `tags/list`, as the specification answers it (distribution-spec, "Listing Tags"). */
export interface TagList {
  readonly name: RepositoryName;
  /** Sorted by bytes. */
  readonly tags: readonly Tag[];
}

const schema: v.GenericSchema<unknown, TagList> = v.object({
  name: v.custom<RepositoryName>((value) => typeof value === 'string' && isRepositoryName(value), 'not a repository name'),
  tags: v.array(v.custom<Tag>((value) => typeof value === 'string' && isBucketTag(value), 'not a tag')),
});

/** The tag list of these tags, in whatever order a store listed them. A repository without tags has an empty one. */
export function formatTagList(name: RepositoryName, tags: Iterable<Tag>): Uint8Array {
  return formatDocument({ name, tags: sortNames(tags) });
}

/**
 * Reads a tag list. It is derived, so it may be behind the truth, which is the listing of `manifests/`.
 * @throws RegistryError `format-invalid`
 */
export function parseTagList(bytes: Uint8Array): TagList {
  return parseDocument(schema, bytes, 'the tag list');
}
