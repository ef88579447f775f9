import { RegistryError } from '../errors/registry-error.ts';
import { discardBody } from '../http/discard-body.ts';
import type { RedirectedResponse } from '../http/redirect.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { bytesSource, type ByteSource, type ByteStream } from '../streams/byte-source.ts';
import { concatBytes } from '../streams/read-all.ts';
import type { Expectation, PushRequests } from './push-requests.ts';
import type { UploadBody } from './upload-body.ts';
import { readUploadLocation, withDigest } from './upload-location.ts';

/*
 * One blob into a repository (distribution-spec, "Pushing blobs"): POST begins a session, or mounts the blob from another repository of the registry and all is done; PUT
 * with the digest sends the whole and ends the session. Where a registry or a proxy before it does not take the whole at once (405, 413, 501), PATCH sends chunks, and
 * the PUT is empty; from then on all blobs of this push go so. `Location` is read anew from every answer.
 *
 * A blob is visible when the last PUT succeeded, and the registry has checked the digest by then; whatever comes between leaves a session that the registry forgets after a
 * while. An upload that fails is begun again, with a session of its own.
 */

/** Sends blobs to one repository, each in one attempt. */
export interface BlobUploads {
  /** @throws RegistryError, BucketError what `PushRequests` throw; `digest-mismatch` and `size-mismatch` of the body before the session ends */
  upload(blob: Descriptor, body: UploadBody, signal: AbortSignal | undefined): Promise<void>;
  /** Ends the sessions that failed attempts have left (distribution-spec, "Canceling a blob upload"); best effort, since they end by themselves. */
  cancelAll(signal: AbortSignal | undefined): Promise<void>;
}

const headers = { 'content-type': 'application/octet-stream' };
/** Of the last PUT: 201 by the specification; some answer 204. */
const accepted = [201, 204];
/** What says that a body is not taken so: the method, its length, or the whole idea. */
const refusalsOfWhole: ReadonlySet<number> = new Set([405, 413, 501]);
/** A chunk is kept in memory, so that it can be sent again. */
const chunkBytes = 8 * 1024 * 1024;
/** Largest chunk that a registry may ask for. */
const maxChunkBytes = 64 * 1024 * 1024;
/** A registry may move a blob to its place before it answers; one that does so more slowly than this is given up. */
const slowestBytesPerMs = 10_000;
const minSettleTimeoutMs = 60_000;

interface Session {
  readonly location: URL;
  /** Smallest chunk that is taken, but for the last one. */
  readonly minChunkBytes: number;
}

/** @param mountFrom the repository of the same registry that has the blobs already */
export function createBlobUploads(requests: PushRequests, name: RepositoryName, mountFrom: RepositoryName | undefined): BlobUploads {
  /** Begun and not ended. */
  const open = new Set<URL>();
  let wantsChunks = false;

  /** @returns undefined when the blob was mounted, and nothing is left to do */
  async function begin({ digest }: Descriptor, signal: AbortSignal | undefined): Promise<Session | undefined> {
    const path = `/v2/${name}/blobs/uploads/`;
    if (mountFrom !== undefined) {
      const query = `?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(mountFrom)}`;
      const response = await requests.send({ method: 'POST', path: `${path}${query}`, signal });
      await discardBody(response);
      if (response.status === 201) return undefined;
      if (response.status === 202) return readSession(response);
      // Some registries refuse what they cannot mount, instead of beginning an upload.
    }
    const response = await requests.send({ method: 'POST', path, signal });
    await requests.accept(response, [202], { action: `begin the upload of blob "${digest}" to`, missing: 'repository-missing' });
    return readSession(response);
  }

  /** Runs one session. @returns what `run` does; true also when none is needed, since the blob was mounted */
  async function inSession(
    blob: Descriptor,
    signal: AbortSignal | undefined,
    run: (session: Session) => Promise<boolean>,
  ): Promise<boolean> {
    const session = await begin(blob, signal);
    if (session === undefined) return true;
    open.add(session.location);
    const isDone = await run(session);
    if (isDone) open.delete(session.location);
    return isDone;
  }

  /** @returns false where the registry does not take a whole blob at once */
  async function sendWhole(blob: Descriptor, source: ByteSource, { location }: Session, signal: AbortSignal | undefined): Promise<boolean> {
    const path = withDigest(location, blob.digest);
    const response = await requests.send({ method: 'PUT', path, headers, body: source, idleTimeoutMs: settleTimeoutMs(blob), signal });
    if (refusalsOfWhole.has(response.status)) {
      await discardBody(response);
      return false;
    }
    await requests.accept(response, accepted, expectationOf(blob));
    return true;
  }

  async function sendChunks(blob: Descriptor, source: ByteSource, session: Session, signal: AbortSignal | undefined): Promise<boolean> {
    let { location } = session;
    let start = 0;
    for await (const chunk of cutChunks(source.open({ signal }), Math.max(session.minChunkBytes, chunkBytes))) {
      const end = start + chunk.byteLength;
      const range = { ...headers, 'content-range': `${start}-${end - 1}` };
      const response = await requests.send({ method: 'PATCH', path: location, headers: range, body: bytesSource(chunk), signal });
      await requests.accept(response, [202, 204], expectationOf(blob));
      location = readUploadLocation(response);
      start = end;
    }
    const path = withDigest(location, blob.digest);
    const response = await requests.send({ method: 'PUT', path, headers, idleTimeoutMs: settleTimeoutMs(blob), signal });
    await requests.accept(response, accepted, expectationOf(blob));
    return true;
  }

  return {
    async upload(blob, { source }, signal) {
      if (!wantsChunks && (await inSession(blob, signal, (session) => sendWhole(blob, source, session, signal)))) return;
      wantsChunks = true;
      await inSession(blob, signal, (session) => sendChunks(blob, source, session, signal));
    },
    async cancelAll(signal) {
      for (const path of open) {
        try {
          await discardBody(await requests.send({ method: 'DELETE', path, signal }));
        } catch {
          // The registry ends it by itself.
        }
      }
      open.clear();
    },
  };
}

/** A session that the registry has lost is no reason to give up: the next attempt begins another. */
function expectationOf({ digest }: Descriptor): Expectation {
  return { action: `upload blob "${digest}" to`, missing: 'registry-unavailable' };
}

function settleTimeoutMs({ size }: Descriptor): number {
  return minSettleTimeoutMs + Math.ceil(size / slowestBytesPerMs);
}

function readSession(response: RedirectedResponse): Session {
  const minimum = response.headers['oci-chunk-min-length'] ?? '';
  const minChunkBytes = /^\d{1,15}$/.test(minimum) ? Number(minimum) : 0;
  if (minChunkBytes > maxChunkBytes) {
    throw new RegistryError(
      'registry-invalid',
      `Cannot upload to "${response.url.host}": it wants chunks of ${minChunkBytes} bytes or more, at most ${maxChunkBytes} are sent`,
    );
  }
  return { location: readUploadLocation(response), minChunkBytes };
}

/** Cuts a stream into chunks of the same size, the last one smaller. */
async function* cutChunks(stream: ByteStream, size: number): ByteStream {
  let kept: Uint8Array[] = [];
  let keptBytes = 0;
  for await (const piece of stream) {
    let rest = piece;
    while (keptBytes + rest.byteLength >= size) {
      const missing = size - keptBytes;
      yield concatBytes([...kept, rest.subarray(0, missing)], size);
      rest = rest.subarray(missing);
      kept = [];
      keptBytes = 0;
    }
    kept.push(rest);
    keptBytes += rest.byteLength;
  }
  if (keptBytes > 0) yield concatBytes(kept, keptBytes);
}
