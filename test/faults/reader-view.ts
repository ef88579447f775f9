import type { Bucket } from '../../src/bucket/bucket.ts';
import type { ObjectKey } from '../../src/bucket/object-key.ts';
import { formatKey, type KeySpec } from '../../src/layout/keys.ts';
import { parseKey } from '../../src/layout/parse-key.ts';
import { parseReferrersIndex } from '../../src/layout/referrers-index.ts';
import { parseTagList } from '../../src/layout/tag-list.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { type Digest, digestAlgorithm, digestEncoded } from '../../src/oci/digest.ts';
import { listChildren, parseManifest } from '../../src/oci/manifest.ts';
import { isManifestType } from '../../src/oci/media-types.ts';
import type { RepositoryName } from '../../src/oci/repository-name.ts';
import { digestHex } from '../../src/streams/hasher.ts';
import { readAll } from '../../src/streams/read-all.ts';

/** An object as a reader gets it. */
interface Seen {
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
}

/**
 * Reads everything in a bucket as clients would, and says in words what would break one of them: bytes that are not their digest's, a tag or a referrer that leads to
 * something missing, a wrong content type, a list that names what is not there. Empty: nothing would.
 */
export async function findBrokenReads(bucket: Bucket): Promise<string[]> {
  const view = new Map<ObjectKey, Seen>();
  for await (const entry of bucket.list()) {
    if (entry.kind !== 'object') continue;
    const content = await bucket.get(entry.key);
    if (content) view.set(entry.key, { bytes: await readAll(content.body, 1e9, entry.key), contentType: content.contentType });
  }
  const broken: string[] = [];
  for (const [key, seen] of view) {
    const spec = parseKey(key);
    if (spec) broken.push(...checkObject(view, spec, seen).map((message) => `${key}: ${message}`));
  }
  return broken;
}

function checkObject(view: ReadonlyMap<ObjectKey, Seen>, spec: KeySpec, { bytes, contentType }: Seen): string[] {
  switch (spec.kind) {
    case 'blob':
      return isDigestOf(spec.digest, bytes) ? [] : ['holds other bytes'];
    case 'manifest':
      return isDigestOf(spec.digest, bytes) ? checkType(bytes, contentType) : ['holds other bytes'];
    case 'tag':
      return [...checkType(bytes, contentType), ...checkReach(view, spec.name, describe(bytes))];
    case 'referrers':
      return parseReferrersIndex(bytes).flatMap((referrer) => checkReach(view, spec.name, referrer));
    case 'fallback-tag':
      return isThere(view, spec.name, describe(bytes)) ? checkType(bytes, contentType) : ['has no digest-addressed copy'];
    case 'tag-list':
      return checkTagList(view, spec.name, bytes);
    case 'root':
    case 'catalog':
    case 'format':
    case 'repository-marker':
    case 'collection':
    case 'referrer-marker':
    case 'staging':
    case 'pack-recipe':
      return [];
    default:
      return spec satisfies never;
  }
}

function checkTagList(view: ReadonlyMap<ObjectKey, Seen>, name: RepositoryName, bytes: Uint8Array): string[] {
  const { tags } = parseTagList(bytes);
  const missing = tags.filter((tag) => !view.has(formatKey({ kind: 'tag', name, tag }))).map((tag) => `lists "${tag}", which is missing`);
  return tags.join() === tags.toSorted().join() ? missing : [...missing, 'is not sorted'];
}

function checkReach(view: ReadonlyMap<ObjectKey, Seen>, name: RepositoryName, descriptor: Descriptor): string[] {
  if (!isThere(view, name, descriptor)) return [`leads to ${descriptor.mediaType} ${descriptor.digest}, which is missing`];
  if (!isManifestType(descriptor.mediaType)) return [];
  const seen = view.get(formatKey({ kind: 'manifest', name, digest: descriptor.digest }));
  return seen ? listChildren(parseManifest(seen.bytes)).flatMap((child) => checkReach(view, name, child)) : [];
}

function isThere(view: ReadonlyMap<ObjectKey, Seen>, name: RepositoryName, { mediaType, digest, size }: Descriptor): boolean {
  const kind = isManifestType(mediaType) ? 'manifest' : 'blob';
  return view.get(formatKey({ kind, name, digest }))?.bytes.byteLength === size;
}

function checkType(bytes: Uint8Array, contentType: string | undefined): string[] {
  const { mediaType } = parseManifest(bytes);
  return contentType === mediaType ? [] : [`is served as "${contentType}", its bytes are "${mediaType}"`];
}

function describe(bytes: Uint8Array): Descriptor {
  return { mediaType: parseManifest(bytes).mediaType, digest: `sha256:${digestHex('sha256', bytes)}` as Digest, size: bytes.byteLength };
}

function isDigestOf(digest: Digest, bytes: Uint8Array): boolean {
  return digestHex(digestAlgorithm(digest), bytes) === digestEncoded(digest);
}
