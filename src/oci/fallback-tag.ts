import { type Digest, digestAlgorithm, digestEncoded } from './digest.ts';
import type { Tag } from './repository-name.ts';

declare const fallbackTag: unique symbol;

/**
 * The tag under which clients without the referrers API look for what refers to a manifest (distribution-spec, "Referrers Tag Schema"). It is spelled as a tag, but what
 * stands under it is derived.
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
