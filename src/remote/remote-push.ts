import { hasCode } from '../errors/coded-error.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { discardBody } from '../http/discard-body.ts';
import type { RedirectedResponse } from '../http/redirect.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, parseDigest } from '../oci/digest.ts';
import { fallbackTagOf } from '../oci/fallback-tag.ts';
import { imageIndexTypes, imageManifestTypes, mediaTypes } from '../oci/media-types.ts';
import type { RepositoryName, Tag } from '../oci/repository-name.ts';
import { type ByteSource, bytesSource } from '../streams/byte-source.ts';
import type { Clock } from '../streams/clock.ts';
import { digestHex } from '../streams/hasher.ts';
import { createPushRequests } from './push-requests.ts';
import { appendReferrers, type ReferrersIndex, unlistedReferrers } from './referrers-tag-index.ts';
import type { RegistryClient } from './registry-client.ts';
import { errorOfResponse } from './registry-errors.ts';
import { openRemoteRepository } from './remote-repository.ts';
import { createBlobUploads } from './remote-upload.ts';
import { createUploadBody } from './upload-body.ts';

interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface PushBlobOptions extends RequestOptions {
  /** Called with the number of bytes that were newly sent; negative when they are sent again. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/**
 * One repository of another registry, written (distribution-spec, "Push"). What may go better the next time (429, 5xx, a connection that broke) is tried again, with the
 * waits that the registry asks for.
 * @throws RegistryError `unauthorized`, `denied`, `rate-limited`, `registry-unavailable`, `registry-invalid`, `repository-missing`; BucketError `connection-failed`, `timed-out`
 */
export interface RemotePush {
  /** Whether a blob of this digest and size is there. */
  hasBlob(blob: Descriptor, options?: RequestOptions): Promise<boolean>;
  hasManifest(digest: Digest, options?: RequestOptions): Promise<boolean>;
  /** Stores a blob, mounting it where it can. @throws also RegistryError `digest-mismatch`, `size-mismatch`, and what the source throws */
  putBlob(blob: Descriptor, bytes: ByteSource, options?: PushBlobOptions): Promise<void>;
  /**
   * Stores a manifest, whose bytes are known to be right, under a tag or its digest.
   * @returns the subject that the registry lists it under by itself (`OCI-Subject`); undefined: it does not know of subjects, or this has none
   */
  putManifest(reference: Tag | Digest, manifest: Descriptor, bytes: Uint8Array, options?: RequestOptions): Promise<string | undefined>;
  /**
   * Lists manifests, which are there, under the referrers tag of their subject, as clients must where the registry does not (distribution-spec, "Pushing Manifests with
   * Subject"). Reads again after each write until all are listed, since registries have no conditions and another client may write meanwhile.
   * @throws also RegistryError `tag-conflict`, `manifest-too-large`
   */
  listUnderTag(subject: Digest, referrers: readonly Descriptor[], options?: RequestOptions): Promise<void>;
  /** Ends uploads that failed attempts have left open. Best effort: never fails. */
  cancelUploads(options?: RequestOptions): Promise<void>;
}

export interface RemotePushOptions {
  readonly client: RegistryClient;
  readonly name: RepositoryName;
  readonly clock: Clock;
  /** Another repository of this registry, known to have the blobs: they are mounted from it. */
  readonly mountFrom?: RepositoryName | undefined;
}

const manifestTypes = [...imageManifestTypes, ...imageIndexTypes].join(', ');
/** Writes of a referrers tag that others may undo before we give up. */
const maxTagRounds = 5;
const maxConflictDelayMs = 500;

/** Opens a repository of a registry for writing; nothing is sent yet. */
export function openRemotePush({ client, name, clock, mountFrom }: RemotePushOptions): RemotePush {
  const where = `${client.host}/${name}`;
  const requests = createPushRequests(client, name, clock, mountFrom);
  const uploads = createBlobUploads(requests, name, mountFrom);
  const repository = openRemoteRepository(client, name, clock);

  /** The answer to a HEAD, where it says that a thing is there. */
  async function head(path: string, accept: string, signal: AbortSignal | undefined): Promise<RedirectedResponse | undefined> {
    const response = await requests.send({ method: 'HEAD', path, headers: { accept }, signal });
    const { status } = response;
    const isTrouble = status === 401 || status === 403 || status === 429 || status >= 500;
    // A signed URL that a blob is redirected to may be for GET alone, and refuses to say what the registry has said already; sending the blob once more harms nobody.
    const isElsewhere = response.url.origin !== (await client.locate('/', signal)).origin;
    if (isTrouble && !isElsewhere) throw await errorOfResponse(response, `look for "${path.split('/').at(-1)}" in "${where}"`, clock.now());
    await discardBody(response);
    return status === 200 ? response : undefined;
  }

  async function hasBlobOnce({ digest, size }: Descriptor, signal: AbortSignal | undefined): Promise<boolean> {
    const found = await head(`/v2/${name}/blobs/${digest}`, '*/*', signal);
    return found !== undefined && Number(found.headers['content-length'] ?? size) === size;
  }

  async function putManifestOnce(
    reference: string,
    { mediaType, digest }: Descriptor,
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const headers = { 'content-type': mediaType };
    const response = await requests.send({
      method: 'PUT',
      path: `/v2/${name}/manifests/${reference}`,
      headers,
      body: bytesSource(bytes),
      signal,
    });
    await requests.accept(response, [201], { action: `put manifest "${reference}" into`, missing: 'repository-missing' });
    const stored = response.headers['docker-content-digest'];
    if (stored === undefined || stored === digest) return response.headers['oci-subject'];
    throw new RegistryError(
      'registry-invalid',
      `Cannot put manifest "${reference}" into "${where}": the registry stored "${stored.slice(0, 160)}", wanted "${digest}"`,
    );
  }

  const putManifest: RemotePush['putManifest'] = (reference, manifest, bytes, { signal } = {}) =>
    requests.patiently(() => putManifestOnce(reference, manifest, bytes, signal), { signal });

  async function readReferrers(tag: Tag, signal: AbortSignal | undefined): Promise<ReferrersIndex> {
    try {
      return (await repository.getManifest(tag, { signal })).bytes;
    } catch (error) {
      if (hasCode(error, 'tag-missing')) return undefined;
      throw error;
    }
  }

  return {
    hasBlob: (blob, { signal } = {}) => requests.patiently(() => hasBlobOnce(blob, signal), { signal }),

    hasManifest: (digest, { signal } = {}) =>
      requests.patiently(async () => (await head(`/v2/${name}/manifests/${digest}`, manifestTypes, signal)) !== undefined, { signal }),

    async putBlob(blob, bytes, { signal, onProgress } = {}) {
      const body = createUploadBody(blob, bytes, onProgress);
      await requests.patiently(
        async (attempt) => {
          // The attempt before may have succeeded, and only its answer been lost.
          if (attempt > 1 && (await hasBlobOnce(blob, signal))) return;
          await uploads.upload(blob, body, signal);
        },
        { signal, isFinal: (error) => error === body.failure },
      );
    },

    putManifest,

    async listUnderTag(subject, referrers, { signal } = {}) {
      const tag = fallbackTagOf(subject);
      for (let round = 1; ; round += 1) {
        const index = await readReferrers(tag, signal);
        const unlisted = unlistedReferrers(index, referrers, tag);
        if (unlisted.length === 0) return;
        if (round > maxTagRounds) {
          throw new RegistryError(
            'tag-conflict',
            `Cannot list "${unlisted[0]?.digest}" under the tag "${tag}" of "${where}": others write it again and again`,
          );
        }
        if (round > 1) await clock.sleep(clock.random() * maxConflictDelayMs, signal);
        const next = appendReferrers(index, unlisted);
        await putManifest(tag, describeIndex(next), next, { signal });
      }
    },

    cancelUploads: ({ signal } = {}) => uploads.cancelAll(signal),
  };
}

function describeIndex(bytes: Uint8Array): Descriptor {
  return { mediaType: mediaTypes.imageIndex, digest: parseDigest(`sha256:${digestHex('sha256', bytes)}`), size: bytes.byteLength };
}
