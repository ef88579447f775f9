import { companionSubject } from '../oci/companion-tag.ts';
import { isTag, type Tag } from '../oci/repository-name.ts';
import { copyImage, type CopyOptions, type CopyResult } from './copy-image.ts';
import type { ImageSource } from './image-source.ts';
import type { ImageTarget } from './image-target.ts';
import { on } from './sides.ts';

/**
 * Copies what cosign tags of an image beside it (`sha256-….sig`, `.att`, `.sbom`), of what was copied of its list, and of those in turn: cosign finds them by nothing but the name of the
 * tag. They are whole images: chosen platforms are not for them.
 * @param copied what became of the image
 * @returns the tags that were copied; none where either side has no tags
 */
export async function copyCompanions(
  source: ImageSource,
  target: ImageTarget,
  copied: CopyResult,
  options: CopyOptions = {},
): Promise<readonly Tag[]> {
  const { siblings } = source;
  if (!siblings || !target.openSibling) return [];
  const { signal } = options;
  const offered = await on('source', () => siblings.listTags({ signal }));
  let left = offered.filter(isTag).filter((tag) => companionSubject(tag) !== undefined);
  const done: Tag[] = [];
  for (let digests = new Set<string>([copied.root.digest, ...copied.listed]); left.length > 0 && digests.size > 0;) {
    const isAbout = (tag: Tag): boolean => digests.has(companionSubject(tag) ?? '');
    const found = left.filter(isAbout);
    left = left.filter((tag) => !isAbout(tag));
    const next = new Set<string>();
    for (const tag of found) {
      const { root } = await copyImage(siblings.open(tag), target.openSibling(tag), { ...options, platforms: 'all', packer: undefined });
      next.add(root.digest);
      done.push(tag);
    }
    digests = next;
  }
  return done;
}
