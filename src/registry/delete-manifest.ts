import { RegistryError } from '../errors/registry-error.ts';
import { formatKey } from '../layout/keys.ts';
import type { Digest } from '../oci/digest.ts';
import type { Tag } from '../oci/repository-name.ts';
import { mapConcurrently } from '../streams/concurrency.ts';
import type { Manifests } from './manifests.ts';
import type { Referrers } from './referrers.ts';
import type { RepositoryContext, RequestOptions } from './repository-context.ts';
import type { Tags } from './tags.ts';

/** Tags that are looked at at once. */
const maxHeads = 32;

/**
 * Deletes a manifest by digest. Its blobs, and what it names, stay until collection finds that nothing leads to them.
 *
 * Order: its tags → `tags/list` → what it refers to forgets it → its own index of referrers → the manifest. What leads to the manifest goes first, so a crash leaves a manifest that
 * is still whole for whoever knows its digest. (An index that names it as a child is not looked for: who deletes by digest says that no one needs it.)
 * @returns the tags that were deleted with it
 * @throws RegistryError `manifest-missing`; `manifest-tagged`, when a tag names it and `withTags` is not set, before anything was deleted
 */
export async function deleteManifest(
  { bucket, name }: RepositoryContext,
  { manifests, referrers, tags }: { readonly manifests: Manifests; readonly referrers: Referrers; readonly tags: Tags },
  digest: Digest,
  { withTags = false, signal }: RequestOptions & { readonly withTags?: boolean | undefined } = {},
): Promise<readonly Tag[]> {
  const stored = await manifests.get(digest, { signal });
  if (!stored) {
    throw new RegistryError('manifest-missing', `Cannot delete manifest "${digest}" of "${name}": it is not in ${bucket.location}`);
  }
  const named = await tagsOf(digest, tags, signal);
  if (named.length > 0 && !withTags) {
    throw new RegistryError(
      'manifest-tagged',
      `Cannot delete manifest "${digest}" of "${name}": ${named.length === 1 ? 'tag' : 'tags'} ${named
        .slice(0, 5)
        .map((tag) => `"${tag}"`)
        .join(', ')}${named.length > 5 ? ', …' : ''} would name nothing`,
    );
  }
  if (named.length > 0) await tags.delete(named, { signal });
  // A deletion that died half-way may have left its tags in the list.
  else await tags.rebuildList({ signal });
  const { subject } = stored.manifest;
  if (subject) await referrers.remove(subject.digest, digest, { signal });
  await referrers.drop(digest, { signal });
  await bucket.delete(formatKey({ kind: 'manifest', name, digest }), { signal });
  return named;
}

/** The tags that name a digest, by one HEAD each (and a GET where somebody else wrote the tag, without its digest). */
async function tagsOf(digest: Digest, tags: Tags, signal: AbortSignal | undefined): Promise<Tag[]> {
  const all = await tags.list({ signal });
  const find = async (tag: Tag, one: AbortSignal): Promise<Digest | undefined> =>
    (await tags.digestOf(tag, { signal: one })) ?? (await tags.get(tag, { signal: one }))?.descriptor.digest;
  const digests = await mapConcurrently(all, maxHeads, find, signal);
  return all.filter((_, index) => digests[index] === digest);
}
