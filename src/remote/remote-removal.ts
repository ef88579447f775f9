import { hasCode } from '../errors/coded-error.ts';
import { discardBody } from '../http/discard-body.ts';
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName, Tag } from '../oci/repository-name.ts';
import type { Clock } from '../streams/clock.ts';
import { patiently } from './patience.ts';
import type { RegistryClient } from './registry-client.ts';
import { errorOfResponse } from './registry-errors.ts';

interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * One repository of another registry, emptied (distribution-spec, "Deleting"). Many registries delete nothing by this API, or only for who may: that is an answer, not an error.
 * @throws RegistryError `rate-limited`, `registry-unavailable`, …; BucketError `connection-failed`, `timed-out`
 */
export interface RemoteRemoval {
  /** @returns whether the tag, or the manifest with all its tags, is not there any more */
  deleteManifest(reference: Tag | Digest, options?: RequestOptions): Promise<boolean>;
  /** @returns whether the blob is not there any more */
  deleteBlob(digest: Digest, options?: RequestOptions): Promise<boolean>;
}

/** Accepted now or later, or not there. */
const goneStatuses: ReadonlySet<number> = new Set([200, 202, 204, 404]);

/** Opens a repository of a registry for deleting; nothing is sent yet. */
export function openRemoteRemoval(client: RegistryClient, name: RepositoryName, clock: Clock): RemoteRemoval {
  const scope = `repository:${name}:pull,push,delete`;
  const remove = (path: string, what: string, { signal }: RequestOptions): Promise<boolean> =>
    patiently(
      async () => {
        const response = await client.send({ method: 'DELETE', path, scope, signal });
        const { status } = response;
        if (status === 429 || (status >= 500 && status !== 501)) {
          throw await errorOfResponse(response, `delete "${what}" in "${client.host}/${name}"`, clock.now());
        }
        await discardBody(response);
        return goneStatuses.has(status);
      },
      clock,
      { signal },
    ).catch((error: unknown) => {
      // A token server that gives no token for deleting refuses as well as the registry itself.
      if (hasCode(error, 'unauthorized', 'denied')) return false;
      throw error;
    });
  return {
    deleteManifest: (reference, options = {}) => remove(`/v2/${name}/manifests/${reference}`, reference, options),
    deleteBlob: (digest, options = {}) => remove(`/v2/${name}/blobs/${digest}`, digest, options),
  };
}
