import { hasCode } from '../errors/coded-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseManifest } from '../oci/manifest.ts';
import type { Tag } from '../oci/repository-name.ts';
import type { RemoteManifest, RemoteRepository } from '../remote/remote-repository.ts';
import type { RemoteRemoval } from '../remote/remote-removal.ts';
import type { MadeImage } from './made-image.ts';

/** One repository of a registry, as far as removing images needs it. */
export interface RegistryTraces {
  readonly repository: RemoteRepository;
  readonly removal: RemoteRemoval;
  /** `HOST/NAME`. */
  readonly where: string;
}

/**
 * Removes from a registry what one run pushed under a tag of its own: the tag, the manifest (clients may have written another one than ours), and the blobs, which are nobody
 * else's since their bytes were made for the run. A run that did not come to its tag may have sent blobs all the same.
 * @returns what the registry keeps, and why
 */
export async function removeFromRegistry(
  { repository, removal, where }: RegistryTraces,
  tag: Tag,
  image: MadeImage,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found = await findManifest(repository, tag, signal);
  if (found === undefined) {
    const kept = await deleteBlobs(removal, image.blobs, signal);
    return kept === 0 ? [] : [`blobs of ${where}, if any were sent: ${noBlobs}`];
  }
  const { digest } = found.descriptor;
  const isUntagged = await removal.deleteManifest(tag, { signal });
  const isGone = await removal.deleteManifest(digest, { signal });
  // Few registries delete by tag; most delete the tags with their manifest.
  const isTagGone = isUntagged || (isGone && (await findManifest(repository, tag, signal)) === undefined);
  if (!isTagGone || !isGone) return [`${where}:${tag}@${digest}: the registry deletes no manifests for this login`];
  const kept = await deleteBlobs(removal, listBlobs(found), signal);
  return kept === 0 ? [] : [`${kept} blobs of ${where}: ${noBlobs}`];
}

const noBlobs = 'the registry deletes none for this login; its own collection of garbage does';

/** @returns how many the registry did not delete */
async function deleteBlobs(removal: RemoteRemoval, blobs: readonly Descriptor[], signal: AbortSignal): Promise<number> {
  let kept = 0;
  for (const { digest } of blobs) {
    if (!(await removal.deleteBlob(digest, { signal }))) kept += 1;
  }
  return kept;
}

async function findManifest(repository: RemoteRepository, tag: Tag, signal: AbortSignal): Promise<RemoteManifest | undefined> {
  try {
    return await repository.getManifest(tag, { signal });
  } catch (error) {
    if (hasCode(error, 'tag-missing', 'manifest-missing', 'repository-missing')) return undefined;
    throw error;
  }
}

function listBlobs({ descriptor, bytes }: RemoteManifest): readonly Descriptor[] {
  const manifest = parseManifest(bytes, descriptor.mediaType);
  return manifest.kind === 'image' ? [manifest.config, ...manifest.layers] : [];
}
