import { isDigest } from '../oci/digest.ts';
import { isBucketRepositoryName } from './bucket-repository-name.ts';
import { isFallbackTag } from '../oci/fallback-tag.ts';
import { isBucketTag } from './bucket-tag.ts';
import { isStagingId, type KeySpec, packRecipesRoot, registryRoot, repositoriesRoot, stagingRoot } from './keys.ts';

/**
 * Reads what a store lists. For every spec, `parseKey(formatKey(spec))` is that spec; for every text that it reads, `formatKey(parseKey(text))` is that text.
 * @returns undefined for a key that is no part of the format (another's object, or one below `_bucketry/recipes/` of another kind than `pack`)
 */
export function parseKey(text: string): KeySpec | undefined {
  if (text === registryRoot) return { kind: 'root' };
  if (text === `${registryRoot}_catalog`) return { kind: 'catalog' };
  if (text === '_bucketry/format') return { kind: 'format' };
  if (text.startsWith(registryRoot)) return parseRepositoryKey(text.slice(registryRoot.length).split('/'));
  if (text.startsWith(repositoriesRoot)) return parseMarkerKey(text.slice(repositoriesRoot.length).split('/'));
  if (text.startsWith(stagingRoot)) return parseStagingKey(text.slice(stagingRoot.length));
  if (text.startsWith(packRecipesRoot)) return parsePackRecipeKey(text.slice(packRecipesRoot.length));
  return undefined;
}

/** `<name>/<folder>/<last>`, the name being of one component or more. */
function parseRepositoryKey(segments: readonly string[]): KeySpec | undefined {
  const name = segments.slice(0, -2).join('/');
  const [folder, last] = segments.slice(-2);
  if (last === undefined || !isBucketRepositoryName(name)) return undefined;
  switch (folder) {
    case 'blobs':
      return isDigest(last) ? { kind: 'blob', name, digest: last } : undefined;
    case 'referrers':
      return isDigest(last) ? { kind: 'referrers', name, digest: last } : undefined;
    case 'tags':
      return last === 'list' ? { kind: 'tag-list', name } : undefined;
    case 'manifests':
      if (isDigest(last)) return { kind: 'manifest', name, digest: last };
      if (isFallbackTag(last)) return { kind: 'fallback-tag', name, tag: last };
      return isBucketTag(last) ? { kind: 'tag', name, tag: last } : undefined;
    case undefined:
    default:
      return undefined;
  }
}

/** `<name>/_…`: no component of a name begins with `_`, so the first that does ends it. */
function parseMarkerKey(segments: readonly string[]): KeySpec | undefined {
  const end = segments.findIndex((segment) => segment.startsWith('_'));
  const name = segments.slice(0, Math.max(end, 0)).join('/');
  const [marker, subject, referrer, ...more] = segments.slice(end);
  if (!isBucketRepositoryName(name) || more.length > 0) return undefined;
  if (marker === '_referrers' && subject !== undefined && referrer !== undefined) {
    return isDigest(subject) && isDigest(referrer) ? { kind: 'referrer-marker', name, subject, referrer } : undefined;
  }
  if (subject !== undefined) return undefined;
  if (marker === '_repository') return { kind: 'repository-marker', name };
  return marker === '_collection' ? { kind: 'collection', name } : undefined;
}

function parseStagingKey(id: string): KeySpec | undefined {
  return isStagingId(id) ? { kind: 'staging', id } : undefined;
}

function parsePackRecipeKey(encoded: string): KeySpec | undefined {
  const recipe = `sha256:${encoded}`;
  return isDigest(recipe) ? { kind: 'pack-recipe', recipe } : undefined;
}
