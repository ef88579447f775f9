import type { Way } from './client.ts';
import { IMAGE_NAMES } from './images.ts';
import type { ImageName, TestImage } from './images.ts';
import { formatByDigest, formatByTag } from './place.ts';

/** The two rows that every client has and that the page shows first. */
export const BY_TAG = 'index of two platforms, by tag';
export const BY_DIGEST = 'index of two platforms, by digest';

/** The row of what buildx makes: an index with attestations beside the images. */
export const ATTESTED = 'index with attestations';

/** The row of each image. All are pulled by tag but `pinned`. */
const TITLES: Readonly<Record<ImageName, string>> = {
  index: BY_TAG,
  pinned: BY_DIGEST,
  attested: ATTESTED,
  single: 'single manifest',
  docker: 'Docker schema 2 manifest',
  'docker-list': 'Docker manifest list',
  uncompressed: 'uncompressed layer',
  zstd: 'zstd layer',
  artifact: 'OCI artifact',
};

/** What a client does with one image; rejects with a `Refusal` where it cannot. */
export type Take = (reference: string, image: TestImage) => Promise<void>;

/** The ways of a client that takes images, all or those that `names` leaves. */
export function imageWays(take: Take, names: readonly ImageName[] = IMAGE_NAMES): Readonly<Record<string, Way>> {
  return Object.fromEntries(names.map((name) => [TITLES[name], name === 'pinned' ? takeByDigest(take, name) : takeByTag(take, name)]));
}

/** A way that takes what a tag names. */
function takeByTag(take: Take, name: ImageName): Way {
  return (place) => take(formatByTag(place, name), place.images[name]);
}

/** A way that takes the same by digest. */
function takeByDigest(take: Take, name: ImageName): Way {
  return (place) => take(formatByDigest(place, name), place.images[name]);
}
