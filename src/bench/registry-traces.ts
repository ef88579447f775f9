import { hasCode } from '../errors/coded-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseManifest } from '../oci/manifest.ts';
import type { Tag } from '../oci/repository-name.ts';
import type { RemoteManifest, RemoteRepository } from '../remote/remote-repository.ts';
import type { RemoteRemoval } from '../remote/remote-removal.ts';

/** One repository of a registry, as far as removing images needs it. */
export interface RegistryTraces {
  readonly repository: RemoteRepository;
  readonly removal: RemoteRemoval;
  /** `HOST/NAME`. */
  readonly where: string;
}

/**
 * Removes from a registry what one run pushed under a tag of its own: the tag, the manifest (clients may have written another one than ours), and its blobs, which are nobody
 * else's since their bytes were made for the run.
 * @returns what the registry keeps, and why
 */
export async function removeFromRegistry(
  { repository, removal, where }: RegistryTraces,
  tag: Tag,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found = await findManifest(repository, tag, signal);
  if (found === undefined) return [];
  const { digest } = found.descriptor;
  const isUntagged = await removal.deleteManifest(tag, { signal });
  const isGone = await removal.deleteManifest(digest, { signal });
  // Few registries delete by tag; most delete the tags with their manifest.
  const isTagGone = isUntagged || (isGone && (await findManifest(repository, tag, signal)) === undefined);
  if (!isTagGone || !isGone) return [`${where}:${tag}@${digest}: the registry deletes no manifests for this login`];
  const kept: Descriptor[] = [];
  for (const blob of listBlobs(found)) {
    if (!(await removal.deleteBlob(blob.digest, { signal }))) kept.push(blob);
  }
  if (kept.length === 0) return [];
  return [`${kept.length} blobs of ${where}: the registry deletes none for this login; its own collection of garbage does`];
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
