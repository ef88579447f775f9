import type { Bucket } from '../bucket/bucket.ts';
import { hasCode } from '../errors/coded-error.ts';
import { formatCatalog, parseCatalog } from '../layout/catalog.ts';
import { sortNames } from '../layout/document.ts';
import { formatKey, repositoryMarkersPrefix } from '../layout/keys.ts';
import { formatRepositoryMarker } from '../layout/markers.ts';
import { documentHeaders } from '../layout/objects.ts';
import { parseKey } from '../layout/parse-key.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Clock } from '../streams/clock.ts';
import { rebuildDerivedObject } from './derived-object.ts';
import type { RequestOptions } from './repository-context.ts';
import { maxDocumentBytes, readObject, writeOnce } from './small-objects.ts';

/** The repositories of one bucket: the truth is one marker each; `v2/_catalog` is derived from them, where it is kept at all. */
export interface Catalog {
  /** Records that a repository exists. `isProbablyNew`: it is not looked for before. */
  mark(name: RepositoryName, options?: RequestOptions & { readonly isProbablyNew?: boolean | undefined }): Promise<void>;
  /** Brings `v2/_catalog` up to date with a repository that was marked; does nothing when it names it already. */
  include(name: RepositoryName, options?: RequestOptions): Promise<void>;
  /** Rebuilds `v2/_catalog`. */
  rebuild(options?: RequestOptions): Promise<void>;
  /** All repositories by their markers, sorted by bytes. */
  list(options?: RequestOptions): Promise<readonly RepositoryName[]>;
}

/** The catalog of a bucket. */
export function createCatalog(bucket: Bucket, clock: Clock): Catalog {
  const key = formatKey({ kind: 'catalog' });
  const isListed = async (name: RepositoryName, options: RequestOptions): Promise<boolean> => {
    const stored = await readObject(bucket, key, { ...options, maxBytes: maxDocumentBytes });
    try {
      return stored !== undefined && parseCatalog(stored.bytes).includes(name);
    } catch (error) {
      if (hasCode(error, 'format-invalid')) return false;
      throw error;
    }
  };

  const catalog: Catalog = {
    async mark(name, options = {}) {
      const marker = formatKey({ kind: 'repository-marker', name });
      await writeOnce(bucket, marker, formatRepositoryMarker(name), clock, { ...documentHeaders(), ...options });
    },
    async include(name, options = {}) {
      if (!(await isListed(name, options))) await catalog.rebuild(options);
    },
    async rebuild(options = {}) {
      const derive = async (signal: AbortSignal): Promise<Uint8Array> => formatCatalog(await catalog.list({ signal }));
      await rebuildDerivedObject(bucket, { key, derive, headers: documentHeaders }, clock, options);
    },
    async list({ signal } = {}) {
      const names: RepositoryName[] = [];
      for await (const entry of bucket.list({ prefix: repositoryMarkersPrefix(), signal })) {
        const spec = entry.kind === 'object' ? parseKey(entry.key) : undefined;
        if (spec?.kind === 'repository-marker') names.push(spec.name);
      }
      return sortNames(names);
    },
  };
  return catalog;
}
