import { hasCode } from '../errors/coded-error.ts';
import { manifestsPrefix } from '../layout/keys.ts';
import { parseKey } from '../layout/parse-key.ts';
import type { Digest } from '../oci/digest.ts';
import type { Repository } from '../registry/repository.ts';
import { mapConcurrently } from '../streams/concurrency.ts';

const concurrency = 32;

/** Digests of the indexes of a repository that list a manifest. Reads every manifest that is there. */
export async function findParents(repository: Repository, child: Digest, signal: AbortSignal): Promise<readonly Digest[]> {
  const manifests = await listManifests(repository, signal);
  const parents = await mapConcurrently(manifests, concurrency, (digest, one) => isParent(repository, digest, child, one), signal);
  return manifests.filter((_, index) => parents[index]);
}

async function listManifests({ bucket, name }: Repository, signal: AbortSignal): Promise<Digest[]> {
  const digests: Digest[] = [];
  for await (const entry of bucket.list({ prefix: manifestsPrefix(name), signal })) {
    const spec = entry.kind === 'object' ? parseKey(entry.key) : undefined;
    if (spec?.kind === 'manifest') digests.push(spec.digest);
  }
  return digests;
}

async function isParent({ manifests }: Repository, digest: Digest, child: Digest, signal: AbortSignal): Promise<boolean> {
  try {
    const stored = await manifests.get(digest, { signal });
    return stored?.manifest.kind === 'index' && stored.manifest.manifests.some((one) => one.digest === child);
  } catch (error) {
    // What cannot be read lists nothing that a client could follow.
    if (hasCode(error, 'digest-mismatch', 'manifest-invalid', 'manifest-too-large')) return false;
    throw error;
  }
}
