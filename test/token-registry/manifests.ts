import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What manifests are put into and listed from. */
export interface ManifestTarget {
  readonly manifests: Map<string, { readonly mediaType: string; readonly bytes: Buffer }>;
  readonly blobs: ReadonlyMap<string, Buffer>;
  readonly tags: string[];
  /** Say with `OCI-Subject` that referrers are listed. */
  readonly listsReferrers: boolean;
  /** Tell another digest than that of the manifest. */
  readonly rewrites: boolean;
}

interface Named {
  readonly digest: string;
}

interface ManifestBody {
  readonly config?: Named;
  readonly layers?: readonly Named[];
  readonly manifests?: readonly Named[];
  readonly subject?: Named;
}

/** Reads a manifest and stores it, unless something that it names is missing. (Lists of referrers may name anything here, so that tests can.) */
export async function putManifest(
  request: IncomingMessage,
  response: ServerResponse,
  reference: string,
  { manifests, blobs, tags, listsReferrers, rewrites }: ManifestTarget,
  onStore: () => void,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const { config, layers = [], manifests: children = [], subject } = readBody(bytes);
  const isWhole =
    [...(config ? [config] : []), ...layers].every(({ digest }) => blobs.has(digest)) &&
    children.every(({ digest }) => manifests.has(digest));
  if (!isWhole && !reference.startsWith('sha256-')) {
    const errors = [{ code: 'MANIFEST_BLOB_UNKNOWN', message: 'blob unknown' }];
    return void response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ errors }));
  }
  onStore();
  const digest = digestOf(bytes);
  for (const name of [digest, reference]) manifests.set(name, { mediaType: request.headers['content-type'] ?? '', bytes });
  if (!reference.includes(':') && !tags.includes(reference)) tags.push(reference);
  response.writeHead(201, {
    location: `/v2/team/app/manifests/${digest}`,
    'docker-content-digest': rewrites ? digestOf(Buffer.from('another')) : digest,
    ...(listsReferrers && subject ? { 'oci-subject': subject.digest } : {}),
  });
  response.end();
}

/** What of the referrers API is asked for. */
export interface ReferrersRequest {
  readonly subject: string;
  readonly manifests: ManifestTarget['manifests'];
  readonly url: URL;
  /** 1: all on one. */
  readonly perPage: number;
}

/** Answers as the referrers API does. */
export function sendReferrers(response: ServerResponse, { subject, manifests, url, perPage }: ReferrersRequest): void {
  const referring = [...manifests].filter(([name, { bytes }]) => name.includes(':') && readBody(bytes).subject?.digest === subject);
  const listed = referring.map(([digest, { mediaType, bytes }]) => ({ mediaType, digest, size: bytes.byteLength }));
  const start = Number(url.searchParams.get('from') ?? 0);
  const end = perPage === 1 ? listed.length : start + perPage;
  response.writeHead(200, {
    'content-type': 'application/vnd.oci.image.index.v1+json',
    ...(end < listed.length && { link: `<${url.pathname}?from=${end}>; rel="next"` }),
  });
  response.end(JSON.stringify({ schemaVersion: 2, manifests: listed.slice(start, end) }));
}

/** The digest of bytes. */
export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function readBody(bytes: Buffer): ManifestBody {
  return JSON.parse(bytes.toString()) as ManifestBody;
}
