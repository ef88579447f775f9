import { hasCode } from '../errors/coded-error.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { formatKey, manifestsPrefix } from '../layout/keys.ts';
import { digestMetadataName, documentHeaders, tagHeaders } from '../layout/objects.ts';
import { parseKey } from '../layout/parse-key.ts';
import { formatTagList, parseTagList } from '../layout/tag-list.ts';
import { sortNames } from '../layout/document.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import type { Tag } from '../oci/repository-name.ts';
import { type PreparedVersion, readVersion, rebuildDerivedObject, type Version } from './derived-object.ts';
import type { Manifests, StoredManifest } from './manifests.ts';
import type { RepositoryContext, RequestOptions } from './repository-context.ts';
import { isSameBytes, writeObject } from './small-objects.ts';

/** The tags of one repository. A tag is one object with the manifest's bytes, so of two who set it at once the last wins, wholly. */
export interface Tags {
  /** What a tag names; undefined where there is no such tag, or what stands there is no manifest (anybody's bucket may be tagged into). */
  get(tag: Tag, options?: RequestOptions): Promise<StoredManifest | undefined>;
  /**
   * Makes a tag name a manifest that is stored under its digest, and then brings `tags/list` up to date. What the tag named before is put once more under its digest: being
   * young, it stays for those who resolved the tag and are still pulling by digest.
   */
  set(tag: Tag, manifest: StoredManifest, options?: RequestOptions): Promise<void>;
  /** The second half of `set`, after what the tag named, if anything, was put once more. */
  put(tag: Tag, manifest: StoredManifest, options?: PutTagOptions): Promise<void>;
  /** Reads `tags/list` as it is; undefined where there is none. */
  readList(options?: RequestOptions): Promise<Version | undefined>;
  /** Brings `tags/list` up to date if it does not name a tag. `read`: the list, where it was read since the tag was there. */
  include(tag: Tag, options?: RequestOptions & { readonly read?: Version | undefined }): Promise<void>;
  /** Makes the list with one more tag, which is put later; undefined where it can only be made then. `there`: the list as it was read. */
  prepareList(tag: Tag, there: Version | undefined, options?: RequestOptions): Promise<PreparedVersion | undefined>;
  /**
   * Deletes tags, and nothing but the tags, and then brings `tags/list` up to date. What they named is put once more, as by `set`.
   * @throws RegistryError `tag-missing`, before anything was deleted
   */
  delete(tags: readonly Tag[], options?: RequestOptions): Promise<void>;
  /** All tags, sorted by bytes: the truth where the store lets us list, else what `tags/list` says (a bucket that is only public). Empty where there is no such repository. */
  list(options?: RequestOptions): Promise<readonly Tag[]>;
  /** The digest that a tag names, by one HEAD; undefined where there is no such tag, or whoever wrote it recorded no digest (then `get` tells). */
  digestOf(tag: Tag, options?: RequestOptions): Promise<Digest | undefined>;
  /** Rebuilds `tags/list`. */
  rebuildList(options?: RequestOptions): Promise<void>;
}

export interface PutTagOptions extends RequestOptions {
  /** Whether the tag named something, so that it is probably listed; no, if left out. */
  readonly isMoved?: boolean | undefined;
  /** What `prepareList` made for it. */
  readonly list?: PreparedVersion | undefined;
}

/** What is said of bytes that no client could pull as an image. */
const notAManifest = ['manifest-invalid', 'manifest-too-large', 'media-type-unsupported', 'schema-1-unsupported'] as const;

/** The tags of a repository. */
export function createTags({ bucket, name, clock }: RepositoryContext, manifests: Manifests): Tags {
  const keyOf = (tag: Tag) => formatKey({ kind: 'tag', name, tag });
  const listKey = formatKey({ kind: 'tag-list', name });

  const listTruth = async ({ signal }: RequestOptions = {}): Promise<Tag[]> => {
    const tags: Tag[] = [];
    for await (const entry of bucket.list({ prefix: manifestsPrefix(name), signal })) {
      const spec = entry.kind === 'object' ? parseKey(entry.key) : undefined;
      if (spec?.kind === 'tag') tags.push(spec.tag);
    }
    return tags;
  };

  const readListed = async (options: RequestOptions, read?: Version): Promise<readonly Tag[]> => {
    const version = read ?? (await readVersion(bucket, listKey, options));
    return version ? parseTagList(version.bytes).tags : [];
  };

  /** A list that names the tag is right in that, or will be made again by whoever is replacing it (see derived-object.ts). */
  const isListed = async (tag: Tag, options: RequestOptions, read?: Version): Promise<boolean> => {
    try {
      return (await readListed(options, read)).includes(tag);
    } catch (error) {
      if (hasCode(error, 'format-invalid')) return false;
      throw error;
    }
  };

  /** Keeps what a tag names from collection for a while, before the tag is taken from it. */
  const renewNamed = async (tag: Tag, next: Digest | undefined, options: RequestOptions): Promise<StoredManifest | undefined> => {
    const named = await tags.get(tag, options);
    if (named && named.descriptor.digest !== next) await manifests.put(named.descriptor.digest, named.bytes, options);
    return named;
  };

  const findMissing = async (names: readonly Tag[], options: RequestOptions): Promise<Tag | undefined> => {
    for (const tag of names) if (!(await bucket.head(keyOf(tag), options))) return tag;
    return undefined;
  };

  const rebuild = async (
    options: RequestOptions & { readonly prepared?: PreparedVersion | undefined },
    isProbablyNew = false,
  ): Promise<void> => {
    const derive = async (signal: AbortSignal): Promise<Uint8Array> => formatTagList(name, await listTruth({ signal }));
    await rebuildDerivedObject(bucket, { key: listKey, derive, headers: documentHeaders, isProbablyNew }, clock, options);
  };

  const tags: Tags = {
    async get(tag, options = {}) {
      try {
        return await manifests.get(tag, options);
      } catch (error) {
        if (hasCode(error, ...notAManifest)) return undefined;
        throw error;
      }
    },
    async set(tag, manifest, options = {}) {
      const named = await renewNamed(tag, manifest.descriptor.digest, options);
      await tags.put(tag, manifest, { ...options, isMoved: named !== undefined });
    },
    async put(tag, { descriptor, manifest, bytes }, { isMoved = false, list, signal } = {}) {
      await writeObject(bucket, keyOf(tag), bytes, { ...tagHeaders(manifest, descriptor.digest), signal });
      if (isMoved) await tags.include(tag, { signal });
      // A new tag is hardly in the list, and its repository may be as new
      else await rebuild({ signal, prepared: list }, true);
    },
    readList: (options) => readVersion(bucket, listKey, options),
    async include(tag, { read, signal } = {}) {
      if (!(await isListed(tag, { signal }, read))) await rebuild({ signal });
    },
    async prepareList(tag, there, options = {}) {
      // Without conditions it could replace a list that somebody else has made meanwhile
      if (bucket.abilities.conditionalPut !== 'atomic') return undefined;
      const derived = formatTagList(name, [...(await listTruth(options)), tag]);
      return there && isSameBytes(there.bytes, derived) ? undefined : { there, derived };
    },
    async delete(names, options = {}) {
      const missing = await findMissing(names, options);
      if (missing !== undefined) {
        // A deletion that died half-way may have left it in the list.
        await tags.rebuildList(options);
        throw new RegistryError('tag-missing', `Cannot delete tag "${missing}" of "${name}": it is not in ${bucket.location}`);
      }
      for (const tag of names) await renewNamed(tag, undefined, options);
      await bucket.deleteMany(names.map(keyOf), options);
      await tags.rebuildList(options);
    },
    async list(options = {}) {
      try {
        return sortNames(await listTruth(options));
      } catch (error) {
        if (!hasCode(error, 'access-denied', 'operation-unsupported')) throw error;
        return readListed(options);
      }
    },
    async digestOf(tag, options = {}) {
      const digest = (await bucket.head(keyOf(tag), options))?.metadata[digestMetadataName];
      return digest !== undefined && isDigest(digest) ? digest : undefined;
    },
    rebuildList: (options = {}) => rebuild(options),
  };
  return tags;
}
