import type { Digest } from '../oci/digest.ts';
import type { Platform } from '../oci/platform.ts';
import type { Tag } from '../oci/repository-name.ts';
import { createManifestReader } from '../transfer/manifest-reader.ts';
import { selectRoot } from '../transfer/select-root.ts';
import type { MirrorSource } from './mirror-source.ts';
import type { MirrorTarget } from './mirror-target.ts';

/** A tag as both ends have it. */
export interface TagView {
  readonly tag: Tag;
  /** What it should name in the target; undefined where the registry does not tell without being asked for the image. */
  readonly wanted: Digest | undefined;
  /** What it names there. */
  readonly found: Digest | undefined;
}

export interface LookOptions {
  readonly platforms: readonly Platform[] | undefined;
  /** Whether the target's list has the tag. */
  readonly isThere: boolean;
  readonly signal: AbortSignal;
}

/** Looks at a tag: one HEAD to the registry, and one to the target if the tag is there. Where platforms are chosen the registry is asked for the index instead, since what is made of it decides. */
export async function lookAtTag(source: MirrorSource, target: MirrorTarget, tag: Tag, options: LookOptions): Promise<TagView> {
  const { platforms, isThere, signal } = options;
  const asked = platforms === undefined ? source.digestOf(tag, { signal }) : findNarrowed(source, tag, platforms, signal);
  const [wanted, found] = await Promise.all([asked, isThere ? target.digestOf(tag, { signal }) : undefined]);
  return { tag, wanted, found };
}

async function findNarrowed(source: MirrorSource, tag: Tag, platforms: readonly Platform[], signal: AbortSignal): Promise<Digest> {
  const image = source.openImage(tag);
  try {
    return (await selectRoot(image, createManifestReader(image), { platforms, isDefault: false }, { signal })).digest;
  } finally {
    await image.close();
  }
}
