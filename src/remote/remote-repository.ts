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
import type { ByteSource } from '../streams/byte-source.ts';
import type { Clock } from '../streams/clock.ts';
import { digestHex } from '../streams/hasher.ts';
import { readAll } from '../streams/read-all.ts';
import { verifyBytes } from '../streams/verify.ts';
import { parseNextPage } from './link-header.ts';
import { type Page, parseTextPage, readPages } from './pages.ts';
import { patiently } from './patience.ts';
import type { RegistryClient } from './registry-client.ts';
import { errorOfResponse } from './registry-errors.ts';
import { type BlobOrigin, readBlob } from './remote-blob.ts';

interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ReferrersOptions extends RequestOptions {
  /** The fallback tags that there are, where somebody has listed the tags: no other is asked for. */
  readonly fallbackTags?: ReadonlySet<string> | undefined;
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
  /**
   * The digest that a tag names, as the registry tells it, by one HEAD (which Docker Hub does not count). Not verified: for telling whether anything changed.
   * @returns undefined where the registry tells none
   * @throws RegistryError `tag-missing`, …
   */
  digestOf(tag: string, options?: RequestOptions): Promise<Digest | undefined>;
  /** A blob, opened by ranges where the registry knows them; a break is continued where it came. */
  blob(descriptor: Descriptor): ByteSource;
  /** All tags, page by page. @throws RegistryError `repository-missing` */
  listTags(options?: RequestOptions): AsyncIterable<string>;
  /** Manifests whose subject this is: by the referrers API, else by the fallback tag (distribution-spec, "Listing Referrers"). */
  listReferrers(subject: Digest, options?: ReferrersOptions): Promise<readonly Descriptor[]>;
}

export interface RepositoryOptions {
  /** Tries of what may go better the next time; 6 if left out. */
  readonly attempts?: number | undefined;
}

const accept = [...imageManifestTypes, ...imageIndexTypes, '*/*'].join(', ');
const maxTagPageBytes = 8 * 1024 * 1024;
/** Of one subject; more are a flood. */
const maxReferrers = 100_000;
/** What a registry without the referrers API says of it: that it is not there, or that this is no request of its own. */
const statusesWithoutReferrers: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 406, 410, 501]);

/** Opens a repository of a registry for reading. */
export function openRemoteRepository(
  client: RegistryClient,
  name: RepositoryName,
  clock: Clock,
  { attempts }: RepositoryOptions = {},
): RemoteRepository {
  const scope = `repository:${name}:pull`;
  const where = `${client.host}/${name}`;
  const send = (path: string | URL, headers: Readonly<Record<string, string>>, signal: AbortSignal | undefined): Promise<HttpResponse> =>
    client.send({ method: 'GET', path, headers, scope, signal });
  const origin: BlobOrigin = {
    where,
    clock,
    attempts,
    get: ({ digest }, headers, signal) => send(`/v2/${name}/blobs/${digest}`, headers, signal),
  };

  const getManifest: RemoteRepository['getManifest'] = (reference, { signal } = {}) =>
    patiently(() => getManifestOnce(reference, signal), clock, { signal, attempts });

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

  async function askDigest(tag: string, signal: AbortSignal | undefined): Promise<Digest | undefined> {
    const path = `/v2/${name}/manifests/${tag}`;
    const response = await client.send({ method: 'HEAD', path, headers: { accept }, scope, signal });
    if (response.status === 404) throw await missing(response, tag);
    if (response.status !== 200) throw await errorOfResponse(response, `ask for tag "${tag}" of "${where}"`, clock.now());
    await discardBody(response);
    const digest = response.headers['docker-content-digest'] ?? '';
    return isDigest(digest) ? digest : undefined;
  }

  async function missing(response: HttpResponse, reference: string): Promise<RegistryError> {
    const { message } = await errorOfResponse(response, `read manifest "${reference}" of "${where}"`, clock.now());
    return new RegistryError(isDigest(reference) ? 'manifest-missing' : 'tag-missing', message);
  }

  async function getTagPage(page: URL, signal: AbortSignal | undefined): Promise<Page<string>> {
    const list = `the tags of "${where}"`;
    const response = await send(page, {}, signal);
    if (response.status !== 200) {
      const failure = await errorOfResponse(response, `list ${list}`, clock.now());
      throw response.status === 404 ? new RegistryError('repository-missing', failure.message) : failure;
    }
    return parseTextPage(await readAll(response.body, maxTagPageBytes, list), 'tags', list, response.headers['link'], page);
  }

  /** @returns undefined where the registry has no referrers API */
  async function getReferrersPage(page: URL, subject: Digest, signal: AbortSignal | undefined): Promise<Page<Descriptor> | undefined> {
    const action = `list the referrers of "${subject}" in "${where}"`;
    const response = await send(page, { accept: mediaTypes.imageIndex }, signal);
    if (response.status === 200 && declaredType(response) === mediaTypes.imageIndex) {
      return { items: referrersIn(await readManifest(response, action)), next: parseNextPage(response.headers['link'], page) };
    }
    if (response.status !== 200 && !statusesWithoutReferrers.has(response.status))
      throw await errorOfResponse(response, action, clock.now());
    await discardBody(response);
    return undefined;
  }

  async function listUnderFallbackTag(subject: Digest, { signal, fallbackTags }: ReferrersOptions): Promise<readonly Descriptor[]> {
    const tag = fallbackTagOf(subject);
    if (fallbackTags?.has(tag) === false) return [];
    try {
      return referrersIn((await getManifest(tag, { signal })).bytes);
    } catch (error) {
      if (hasCode(error, 'tag-missing', 'denied', 'unauthorized')) return [];
      throw error;
    }
  }

  return {
    getManifest,
    digestOf: (tag, { signal } = {}) => patiently(() => askDigest(tag, signal), clock, { signal, attempts }),
    blob: (descriptor) => ({
      size: descriptor.size,
      seekable: false,
      open: (options = {}) => readBlob(origin, descriptor, options),
    }),

    async *listTags({ signal } = {}) {
      const first = await client.locate(`/v2/${name}/tags/list?n=1000`, signal);
      yield* readPages(first, (page) => patiently(() => getTagPage(page, signal), clock, { signal, attempts }));
    },

    async listReferrers(subject, options = {}) {
      const { signal } = options;
      const first = await client.locate(`/v2/${name}/referrers/${subject}`, signal);
      const read = (page: URL): Promise<Page<Descriptor> | undefined> =>
        patiently(() => getReferrersPage(page, subject, signal), clock, { signal, attempts });
      const page = await read(first);
      if (page === undefined) return listUnderFallbackTag(subject, options);
      const referrers = [...page.items];
      const fail = (problem: string): RegistryError =>
        new RegistryError('registry-invalid', `Cannot list the referrers of "${subject}" in "${where}": ${problem}`);
      const readLater = async (next: URL): Promise<Page<Descriptor>> => {
        const found = await read(next);
        if (found === undefined) throw fail('the registry does not give the pages after the first');
        return found;
      };
      for await (const referrer of page.next ? readPages(page.next, readLater) : []) {
        if (referrers.push(referrer) > maxReferrers) throw fail(`over ${maxReferrers} came`);
      }
      return referrers;
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
