import { BucketError } from '../errors/bucket-error.ts';
import { hasCode } from '../errors/coded-error.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { discardBody } from '../http/discard-body.ts';
import type { HttpResponse } from '../http/http-client.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, isDigest, parseDigest } from '../oci/digest.ts';
import { fallbackTagOf } from '../oci/fallback-tag.ts';
import { maxManifestBytes, parseManifest } from '../oci/manifest.ts';
import { imageIndexTypes, imageManifestTypes, isManifestType, mediaTypes } from '../oci/media-types.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { ByteSource, ByteStream, OpenOptions } from '../streams/byte-source.ts';
import type { Clock } from '../streams/clock.ts';
import { digestHex } from '../streams/hasher.ts';
import { readAll } from '../streams/read-all.ts';
import { verifyBytes } from '../streams/verify.ts';
import { parseNextPage } from './link-header.ts';
import { patiently } from './patience.ts';
import type { RegistryClient } from './registry-client.ts';
import { errorOfResponse } from './registry-errors.ts';

interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A manifest as a registry gave it. */
export interface RemoteManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/**
 * One repository of another registry, read (distribution-spec, "Pull"). What may go better the next time (429, 5xx, a connection that broke) is tried again, with the waits that the
 * registry asks for.
 */
export interface RemoteRepository {
  /**
   * A manifest by tag or digest; by digest its bytes are verified, by tag their digest is computed (the header is never trusted).
   * @throws RegistryError `manifest-missing`, `tag-missing`, `digest-mismatch`, `manifest-too-large`, `media-type-mismatch`, …
   */
  getManifest(reference: string, options?: RequestOptions): Promise<RemoteManifest>;
  /** A blob, opened by ranges where the registry knows them; a break is continued where it came. */
  blob(descriptor: Descriptor): ByteSource;
  /** All tags, page by page. @throws RegistryError `repository-missing` */
  listTags(options?: RequestOptions): AsyncIterable<string>;
  /** Manifests whose subject this is: by the referrers API, else by the fallback tag (distribution-spec, "Listing Referrers"). */
  listReferrers(subject: Digest, options?: RequestOptions): Promise<readonly Descriptor[]>;
}

interface TagPage {
  readonly tags: readonly string[];
  readonly next: URL | undefined;
}

const accept = [...imageManifestTypes, ...imageIndexTypes, '*/*'].join(', ');
/** Times a blob is continued after a break without a new byte in between. */
const maxBreaks = 4;
const maxTagPageBytes = 8 * 1024 * 1024;

/** Opens a repository of a registry for reading. */
export function openRemoteRepository(client: RegistryClient, name: RepositoryName, clock: Clock): RemoteRepository {
  const scope = `repository:${name}:pull`;
  const where = `${client.host}/${name}`;
  const send = (path: string | URL, headers: Readonly<Record<string, string>>, signal: AbortSignal | undefined): Promise<HttpResponse> =>
    client.send({ method: 'GET', path, headers, scope, signal });

  const getManifest: RemoteRepository['getManifest'] = (reference, { signal } = {}) =>
    patiently(() => getManifestOnce(reference, signal), clock, { signal });

  async function getManifestOnce(reference: string, signal: AbortSignal | undefined): Promise<RemoteManifest> {
    const action = `read manifest "${reference}" of "${where}"`;
    const response = await send(`/v2/${name}/manifests/${reference}`, { accept }, signal);
    if (response.status === 404) throw await missing(response, reference);
    if (response.status !== 200) throw await errorOfResponse(response, action, clock.now());
    const bytes = await readManifest(response, action);
    const digest = isDigest(reference) ? reference : parseDigest(`sha256:${digestHex('sha256', bytes)}`);
    await verifyBytes(bytes, { digest, size: bytes.byteLength });
    const { mediaType } = parseManifest(bytes, declaredType(response));
    return { descriptor: { mediaType, digest, size: bytes.byteLength }, bytes };
  }

  async function missing(response: HttpResponse, reference: string): Promise<RegistryError> {
    const { message } = await errorOfResponse(response, `read manifest "${reference}" of "${where}"`, clock.now());
    return new RegistryError(isDigest(reference) ? 'manifest-missing' : 'tag-missing', message);
  }

  async function openBlobAt(
    descriptor: Descriptor,
    start: number,
    end: number,
    signal: AbortSignal | undefined,
  ): Promise<{ response: HttpResponse; from: number }> {
    const wanted: Record<string, string> = start > 0 || end < descriptor.size ? { range: `bytes=${start}-${end - 1}` } : {};
    const response = await send(`/v2/${name}/blobs/${descriptor.digest}`, wanted, signal);
    if (response.status === 206 && response.headers['content-range']?.startsWith(`bytes ${start}-`) === true)
      return { response, from: start };
    if (response.status === 200) return { response, from: 0 };
    const failure = await errorOfResponse(response, `read blob "${descriptor.digest}" of "${where}"`, clock.now());
    throw response.status === 404 ? new RegistryError('blob-missing', failure.message) : failure;
  }

  async function getTagPage(page: URL, signal: AbortSignal | undefined): Promise<TagPage> {
    const response = await send(page, {}, signal);
    if (response.status !== 200) {
      const failure = await errorOfResponse(response, `list the tags of "${where}"`, clock.now());
      throw response.status === 404 ? new RegistryError('repository-missing', failure.message) : failure;
    }
    const tags = parseTags(await readAll(response.body, maxTagPageBytes, `the tags of "${where}"`), where);
    return { tags, next: parseNextPage(response.headers['link'], page) };
  }

  /** Reads a blob and, when the connection breaks, goes on from the byte that was missing. */
  async function* readBlob(descriptor: Descriptor, { start = 0, end = descriptor.size, signal }: OpenOptions): ByteStream {
    let position = start;
    for (let breaks = 0; position < end; breaks += 1) {
      const before = position;
      try {
        const open = (): ReturnType<typeof openBlobAt> => openBlobAt(descriptor, position, end, signal);
        // A connection that broke is ours to go on from.
        const { response, from } = await patiently(open, clock, { signal, isFinal: mayContinue });
        for await (const chunk of cut(response.body, position - from, end - position)) {
          position += chunk.byteLength;
          yield chunk;
        }
        if (position < end)
          throw new BucketError(
            'response-invalid',
            `Cannot read blob "${descriptor.digest}" of "${where}": ${position} of ${end} bytes received`,
          );
      } catch (error) {
        if (position > before) breaks = 0;
        if (!mayContinue(error) || breaks >= maxBreaks) throw error;
        await clock.sleep(clock.random() * 250 * 2 ** breaks, signal);
      }
    }
  }

  return {
    getManifest,
    blob: (descriptor) => ({
      size: descriptor.size,
      seekable: false,
      open: (options = {}) => readBlob(descriptor, options),
    }),

    async *listTags({ signal } = {}) {
      let page: URL | undefined = await client.locate(`/v2/${name}/tags/list?n=1000`, signal);
      while (page !== undefined) {
        const current: URL = page;
        const { tags, next } = await patiently(() => getTagPage(current, signal), clock, { signal });
        yield* tags;
        page = next;
      }
    },

    async listReferrers(subject, { signal } = {}) {
      const response = await send(`/v2/${name}/referrers/${subject}`, { accept: mediaTypes.imageIndex }, signal);
      const isIndex = response.status === 200 && declaredType(response) === mediaTypes.imageIndex;
      if (isIndex) return referrersIn(await readManifest(response, `list the referrers of "${subject}"`));
      await discardBody(response);
      try {
        const { bytes } = await getManifest(fallbackTagOf(subject), { signal });
        return referrersIn(bytes);
      } catch (error) {
        if (error instanceof RegistryError && ['tag-missing', 'denied', 'unauthorized'].includes(error.code)) return [];
        throw error;
      }
    },
  };
}

/** What a registry says a manifest is; absent and `application/json` say nothing. */
function declaredType(response: HttpResponse): string | undefined {
  const type = response.headers['content-type']?.split(';')[0]?.trim();
  return type !== undefined && (isManifestType(type) || type === mediaTypes.imageIndex) ? type : undefined;
}

async function readManifest(response: HttpResponse, action: string): Promise<Uint8Array> {
  const length = response.headers['content-length'];
  if (Number(length ?? 0) > maxManifestBytes) throw manifestTooLarge(action, String(length));
  try {
    return await readAll(response.body, maxManifestBytes, 'a manifest');
  } catch (error) {
    // One that is sent in chunks says no length before.
    throw hasCode(error, 'size-mismatch') ? manifestTooLarge(action, `more than ${maxManifestBytes}`) : error;
  }
}

function manifestTooLarge(action: string, found: string): RegistryError {
  return new RegistryError('manifest-too-large', `Cannot ${action}: it has ${found} bytes, at most ${maxManifestBytes} are allowed`);
}

function referrersIn(bytes: Uint8Array): readonly Descriptor[] {
  const index = parseManifest(bytes);
  return index.kind === 'index' ? index.manifests : [];
}

function parseTags(bytes: Uint8Array, where: string): readonly string[] {
  let tags: unknown;
  try {
    tags = (JSON.parse(new TextDecoder().decode(bytes)) as { readonly tags?: unknown }).tags ?? [];
  } catch (error) {
    throw new RegistryError('registry-invalid', `Cannot list the tags of "${where}": the answer is not JSON`, { cause: error });
  }
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string')) {
    throw new RegistryError('registry-invalid', `Cannot list the tags of "${where}": the answer holds no list of tags`);
  }
  return tags;
}

function mayContinue(error: unknown): boolean {
  return error instanceof BucketError && ['connection-failed', 'timed-out', 'response-invalid'].includes(error.code);
}

/** Leaves out the first `skip` bytes and all after `length` more. */
async function* cut(stream: ByteStream, skip: number, length: number): ByteStream {
  let toSkip = skip;
  let left = length;
  for await (const chunk of stream) {
    const part = chunk.subarray(Math.min(toSkip, chunk.byteLength)).subarray(0, left);
    toSkip -= Math.min(toSkip, chunk.byteLength);
    left -= part.byteLength;
    if (part.byteLength > 0) yield part;
    if (left === 0) return;
  }
}
