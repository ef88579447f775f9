import { RegistryError } from '../errors/registry-error.ts';
import { isFallbackTag } from '../oci/fallback-tag.ts';
import { isTag, parseTag, type Tag } from '../oci/repository-name.ts';

/** Whether a text is a tag that a user may set in a bucket: every tag of the specification but the fallback tags, which are derived objects. */
export function isBucketTag(text: string): text is Tag {
  return isTag(text) && !isFallbackTag(text);
}

/**
 * Reads a tag as a user may set it in a bucket.
 * @throws RegistryError `tag-invalid`, also for a text that is spelled as a fallback tag
 */
export function parseBucketTag(text: string): Tag {
  const tag = parseTag(text);
  if (isFallbackTag(tag)) {
    throw new RegistryError(
      'tag-invalid',
      `Cannot use "${tag}" as a tag in a bucket: tags of this form hold the list of referrers of a digest, which is derived`,
    );
  }
  return tag;
}
