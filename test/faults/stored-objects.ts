import { createHash } from 'node:crypto';

/*
 * Checks of what lies in a bucket, for the fault table. They share no code with src, not even the names of keys: whoever forgets a rule of docs/bucket-layout.md there does not forget it here too. Half-done work
 * is allowed (blobs that nothing names, lists that are behind), what a reader would trip over is not.
 */

/** An object as the store holds it, seen from behind. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

interface NamedContent {
  readonly mediaType?: string;
  readonly digest: string;
  readonly size: number;
}

/** Of a manifest, an index or a list of tags. */
interface Body {
  readonly mediaType?: string;
  readonly config?: NamedContent;
  readonly layers?: readonly NamedContent[];
  readonly manifests?: readonly NamedContent[];
  readonly tags?: readonly string[];
}

type View = ReadonlyMap<string, StoredObject>;

const digestKey = /^v2\/(.+)\/(blobs|manifests)\/(sha256:[0-9a-f]{64})$/;
const tagKey = /^v2\/(.+)\/manifests\/([A-Za-z0-9_][A-Za-z0-9._-]*)$/;
const fallbackTag = /^sha256-[0-9a-f]{64}$/;
const listKey = /^v2\/(.+)\/tags\/list$/;
const referrersKey = /^v2\/(.+)\/(?:referrers\/sha256:|manifests\/sha256-)[0-9a-f]{64}$/;
const otherKey =
  /^(v2\/|_bucketry\/format|_bucketry\/repositories\/.+\/(_repository|_referrers\/sha256:[0-9a-f]{64}\/sha256:[0-9a-f]{64})|_bucketry\/recipes\/pack\/[0-9a-f]{64})$/;

const digests = new WeakMap<Buffer, string>();

/** `sha256:…`, computed once for each buffer. */
export function digestOf(bytes: Buffer): string {
  const known = digests.get(bytes);
  if (known !== undefined) return known;
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  digests.set(bytes, digest);
  return digest;
}

/** What would break a reader, in words; empty: nothing would. */
export function findWrongObjects(objects: readonly StoredObject[]): string[] {
  const view: View = new Map(objects.map((object) => [object.key, object]));
  return objects.flatMap((object) => checkObject(view, object).map((problem) => `${object.key}: ${problem}`));
}

/** The tags of all repositories, `NAME:TAG`, and the digest of what each names. */
export function readTags(objects: readonly StoredObject[]): ReadonlyMap<string, string> {
  const tags = objects.flatMap(({ key, bytes }): [string, string][] => {
    const [, name, tag = ''] = tagKey.exec(key) ?? [];
    return name === undefined || fallbackTag.test(tag) ? [] : [[`${name}:${tag}`, digestOf(bytes)]];
  });
  return new Map(tags);
}

/** Every key with all that a reader sees under it: what two buckets have in common that are the same to everyone. */
export function listContents(objects: readonly StoredObject[]): ReadonlyMap<string, string> {
  return new Map(
    objects.map(({ key, bytes, headers }) => [
      key,
      JSON.stringify([
        digestOf(bytes),
        Object.entries(headers)
          .map((header) => header.join(': '))
          .toSorted(),
      ]),
    ]),
  );
}

/** In what one listing differs from another, in words. */
export function compareContents(found: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>): string[] {
  const keys = [...new Set([...found.keys(), ...wanted.keys()])].filter((key) => found.get(key) !== wanted.get(key));
  return keys.map(
    (key) => `${key}: ${found.has(key) ? (wanted.has(key) ? 'differs from' : 'is not in') : 'is missing beside'} an undisturbed run`,
  );
}

function checkObject(view: View, { key, bytes, headers }: StoredObject): string[] {
  if ('content-encoding' in headers) return ['has a Content-Encoding'];
  const [, , kind, digest] = digestKey.exec(key) ?? [];
  if (digest !== undefined && digestOf(bytes) !== digest) return ['holds other bytes than its digest says'];
  if (kind === 'blobs') return [];
  if (listKey.test(key)) return checkTagList(bytes);
  if (referrersKey.test(key)) return checkReferrers(view, key, bytes);
  if (kind === 'manifests' || tagKey.test(key)) return checkManifest(view, key, bytes, headers);
  return otherKey.test(key) ? [] : ['is no key of the format'];
}

/** A manifest, by whatever name, is of the type that it is served as, and whole. A tag's is there under its digest, too. */
function checkManifest(view: View, key: string, bytes: Buffer, headers: StoredObject['headers']): string[] {
  const name = /^v2\/(.+)\/manifests\//.exec(key)?.[1] ?? '';
  const { mediaType } = parse(bytes);
  const type = mediaType === headers['content-type'] ? [] : [`is served as "${headers['content-type']}", its bytes say "${mediaType}"`];
  return [...type, ...findMissing(view, name, { mediaType: mediaType ?? '', digest: digestOf(bytes), size: bytes.length })];
}

/** A referrer that is listed is whole. Under the fallback tag lies the same index, which clients read on by its digest. */
function checkReferrers(view: View, key: string, bytes: Buffer): string[] {
  const name = referrersKey.exec(key)?.[1] ?? '';
  const listed = parse(bytes).manifests ?? [];
  const isFallback = key.includes('/manifests/');
  const copy = isFallback && !view.has(`v2/${name}/manifests/${digestOf(bytes)}`) ? ['is not there under its digest'] : [];
  return [...copy, ...listed.flatMap((referrer) => findMissing(view, name, referrer))];
}

function checkTagList(bytes: Buffer): string[] {
  const { tags } = parse(bytes);
  if (!tags) return ['is no list of tags'];
  return JSON.stringify(tags) === JSON.stringify([...new Set(tags)].toSorted()) ? [] : ['is not sorted, or names a tag twice'];
}

function findMissing(view: View, name: string, { mediaType = '', digest, size }: NamedContent): string[] {
  const isManifest = /\.(manifest|index)(\.list)?\.v\d\+json$/.test(mediaType);
  const object = view.get(`v2/${name}/${isManifest ? 'manifests' : 'blobs'}/${digest}`);
  if (object === undefined) return [`leads to ${mediaType} ${digest}, which is missing`];
  if (object.bytes.length !== size) return [`leads to ${digest} of ${size} bytes, which has ${object.bytes.length}`];
  if (!isManifest) return [];
  const { config, layers = [], manifests = [] } = parse(object.bytes);
  return [...(config ? [config] : []), ...layers, ...manifests].flatMap((child) => findMissing(view, name, child));
}

/** A body that is no JSON says nothing, which is found out by what it should have said. */
function parse(bytes: Buffer): Body {
  try {
    return JSON.parse(bytes.toString()) as Body;
  } catch {
    return {};
  }
}
