import { RegistryError } from '../errors/registry-error.ts';
import { parseCatalog } from '../layout/catalog.ts';
import { formatKey } from '../layout/keys.ts';
import { parseTagList } from '../layout/tag-list.ts';
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName, Tag } from '../oci/repository-name.ts';
import type { Site } from './ask-site.ts';
import type { PullSubject } from './pull-content.ts';

/** What the user has named of an image. */
export interface NamedSubject {
  readonly repository?: RepositoryName | undefined;
  readonly tag?: Tag | undefined;
  readonly digest?: Digest | undefined;
}

const maxListBytes = 4 * 1024 * 1024;

/**
 * Finds an image to pull at a host: the one that was named; else a tag of the repository, `latest` before others; else one of the first repository of the catalog.
 * @throws RegistryError `reference-ambiguous` where nothing tells of an image, whose hint says how to name one
 */
export async function findSubject(site: Site, { repository, tag, digest }: NamedSubject): Promise<PullSubject> {
  const name = repository ?? (await findRepository(site));
  const reference = digest ?? tag ?? (await findTag(site, name));
  return { name, reference };
}

async function findRepository(site: Site): Promise<RepositoryName> {
  const names = await readList(site, formatKey({ kind: 'catalog' }), parseCatalog);
  const [first] = names ?? [];
  if (first !== undefined) return first;
  throw new RegistryError('reference-ambiguous', `Cannot tell what to pull from ${site.origin.origin}: it has no catalog`, {
    hint: `Name an image that is there: "bucketry doctor ${site.origin.origin}/NAME:TAG".`,
  });
}

async function findTag(site: Site, name: RepositoryName): Promise<Tag> {
  const list = await readList(site, formatKey({ kind: 'tag-list', name }), parseTagList);
  const found = list?.tags.find((tag) => tag === 'latest') ?? list?.tags[0];
  if (found !== undefined) return found;
  throw new RegistryError('reference-ambiguous', `Cannot tell what to pull of ${site.origin.origin}/${name}: it has no list of tags`, {
    hint: `Name a tag that is there: "bucketry doctor ${site.origin.origin}/${name}:TAG".`,
  });
}

/** Undefined where there is no such list, or none that can be read. */
async function readList<T>(site: Site, path: string, parse: (bytes: Uint8Array) => T): Promise<T | undefined> {
  const { status, isWhole, body, failure } = await site.ask({ path, maxBytes: maxListBytes });
  if (failure) throw failure;
  if (status !== 200 || !isWhole) return undefined;
  try {
    return parse(body);
  } catch {
    return undefined;
  }
}
