import type { Digest } from './digest.ts';
import { isFallbackTag } from './fallback-tag.ts';

/** As cosign tags what it knows of an image: `sha256-….sig`, `.att`, `.sbom`. */
const grammar = /^(sha256)-([a-f0-9]{64})\.(?:sig|att|sbom)$/;

/** The digest that cosign's tag is about; undefined for another tag. */
export function companionSubject(tag: string): Digest | undefined {
  const [, algorithm, encoded] = grammar.exec(tag) ?? [];
  return algorithm === undefined ? undefined : (`${algorithm}:${encoded}` as Digest);
}

/** Whether a tag is somebody's own: not one that belongs to an image and goes with it. */
export function isOwnTag(tag: string): boolean {
  return !isFallbackTag(tag) && companionSubject(tag) === undefined;
}
