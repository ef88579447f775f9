import { RegistryError } from '../errors/registry-error.ts';
import { type Digest, digestAlgorithm, digestEncoded } from '../oci/digest.ts';
import { isTag, parseTag, type Tag } from '../oci/repository-name.ts';

declare const fallbackTag: unique symbol;

/**
 * The tag under which clients without the referrers API look for what refers to a manifest (distribution-spec, "Referrers Tag Schema"). It is spelled as a tag, but it is
 * a derived object: never listed among the tags, never set by a user.
 */
export type FallbackTag = Tag & { readonly [fallbackTag]: true };

/** The specification cuts the encoded part here, so a digest of sha512 cannot be read back from its fallback tag. */
const maxEncodedLength = 64;
const grammar = /^sha(?:256|512)-[a-f0-9]{64}$/;

/** The fallback tag of a subject: `algorithm-encoded`, the encoded part cut to 64 characters. */
export function fallbackTagOf(subject: Digest): FallbackTag {
  return `${digestAlgorithm(subject)}-${digestEncoded(subject).slice(0, maxEncodedLength)}` as FallbackTag;
}

/** Whether a text is spelled as a fallback tag. (`sha256-….sig`, as cosign tags its signatures, is not.) */
export function isFallbackTag(text: string): text is FallbackTag {
  return grammar.test(text);
}

/** Whether a text is a tag that a user may set in a bucket: every tag of the specification but the fallback tags. */
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
