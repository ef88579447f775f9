import { type ObjectKey, toObjectKey } from '../bucket/object-key.ts';
import { BucketError } from '../errors/bucket-error.ts';
import { type Digest, digestAlgorithm, digestEncoded } from '../oci/digest.ts';
import type { RepositoryName, Tag } from '../oci/repository-name.ts';
import { parseBucketRepositoryName } from './bucket-repository-name.ts';
import type { FallbackTag } from '../oci/fallback-tag.ts';
import { parseBucketTag } from './bucket-tag.ts';

/*
 * The bucket format, as a tree (docs/bucket-layout.md is normative). `v2/` is what clients read; nothing of it is below another key of it, since components of a name are
 * never `blobs`, `manifests`, `tags` or `referrers` and never begin with `_`.
 *
 *   v2/                                                     root
 *   ├── _catalog                                            catalog            (derived, opt-in)
 *   └── <name>/
 *       ├── blobs/<alg>:<encoded>                           blob
 *       ├── manifests/<alg>:<encoded>                       manifest
 *       ├── manifests/<tag>                                 tag
 *       ├── manifests/<alg>-<encoded, cut to 64>            fallback-tag       (derived)
 *       ├── referrers/<alg>:<encoded>                       referrers          (derived)
 *       └── tags/list                                       tag-list           (derived)
 *   _bucketry/
 *   ├── format                                              format
 *   ├── repositories/<name>/
 *   │   ├── _repository                                     repository-marker
 *   │   ├── _collection                                     collection
 *   │   └── _referrers/<subject>/<referrer>                 referrer-marker
 *   ├── staging/<id>                                        staging
 *   └── recipes/
 *       ├── pack/<encoded>                                  pack-recipe        (a hint)
 *       └── …                                               (reserved for the bakery)
 */

/** Names one object of the format. */
export type KeySpec =
  | { readonly kind: 'root' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'blob'; readonly name: RepositoryName; readonly digest: Digest }
  | { readonly kind: 'manifest'; readonly name: RepositoryName; readonly digest: Digest }
  | { readonly kind: 'tag'; readonly name: RepositoryName; readonly tag: Tag }
  | { readonly kind: 'fallback-tag'; readonly name: RepositoryName; readonly tag: FallbackTag }
  | { readonly kind: 'referrers'; readonly name: RepositoryName; readonly digest: Digest }
  | { readonly kind: 'tag-list'; readonly name: RepositoryName }
  | { readonly kind: 'format' }
  | { readonly kind: 'repository-marker'; readonly name: RepositoryName }
  | { readonly kind: 'collection'; readonly name: RepositoryName }
  | { readonly kind: 'referrer-marker'; readonly name: RepositoryName; readonly subject: Digest; readonly referrer: Digest }
  | { readonly kind: 'staging'; readonly id: string }
  /** `recipe` is the SHA-256 of the recipe's canonical text (`formatPackRecipe`). */
  | { readonly kind: 'pack-recipe'; readonly recipe: Digest };

/** Where each repository's part of the tree begins. */
export const registryRoot = 'v2/';
/** Where everything begins that clients do not read. */
export const ownRoot = '_bucketry/';
/** Where the markers of each repository begin. */
export const repositoriesRoot = '_bucketry/repositories/';
/** Where blobs wait whose digest is not known yet. */
export const stagingRoot = '_bucketry/staging/';
/** Where it is recorded what layers were packed to. */
export const packRecipesRoot = '_bucketry/recipes/pack/';

const stagingIdGrammar = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const maxStagingIdLength = 128;

/**
 * The key of an object: the only place where one is built.
 * @throws RegistryError `name-invalid` (a component that the layout reserves), `tag-invalid` (a tag spelled as a fallback tag)
 * @throws BucketError `key-invalid` (a staging id that is not lower-case letters and digits parted by single `-`; a recipe that is not named by a SHA-256)
 */
export function formatKey(spec: KeySpec): ObjectKey {
  return toObjectKey(formatText(spec));
}

function formatText(spec: KeySpec): string {
  switch (spec.kind) {
    case 'root':
      return registryRoot;
    case 'catalog':
      return `${registryRoot}_catalog`;
    case 'blob':
      return `${blobsPrefix(spec.name)}${spec.digest}`;
    case 'manifest':
      return `${manifestsPrefix(spec.name)}${spec.digest}`;
    case 'tag':
      return `${manifestsPrefix(spec.name)}${parseBucketTag(spec.tag)}`;
    case 'fallback-tag':
      return `${manifestsPrefix(spec.name)}${spec.tag}`;
    case 'referrers':
      return `${referrersPrefix(spec.name)}${spec.digest}`;
    case 'tag-list':
      return `${repositoryPrefix(spec.name)}tags/list`;
    case 'format':
      return '_bucketry/format';
    case 'repository-marker':
      return `${markersPrefix(spec.name)}_repository`;
    case 'collection':
      return `${markersPrefix(spec.name)}_collection`;
    case 'referrer-marker':
      return `${referrerMarkersPrefix(spec.name, spec.subject)}${spec.referrer}`;
    case 'staging':
      return `${stagingRoot}${checkStagingId(spec.id)}`;
    case 'pack-recipe':
      return `${packRecipesRoot}${encodedRecipe(spec.recipe)}`;
    default:
      return spec satisfies never;
  }
}

/** Begins every key of one repository that clients read, and every key of the repositories below it (`team/app` and `team/app/web`). */
export function repositoryPrefix(name: RepositoryName): string {
  return `${registryRoot}${parseBucketRepositoryName(name)}/`;
}

/** Begins the keys of a repository's blobs, and no others. */
export function blobsPrefix(name: RepositoryName): string {
  return `${repositoryPrefix(name)}blobs/`;
}

/** Begins the keys of a repository's manifests, tags and fallback tags, and no others. */
export function manifestsPrefix(name: RepositoryName): string {
  return `${repositoryPrefix(name)}manifests/`;
}

/** Begins the keys of a repository's referrers indexes, and no others. */
export function referrersPrefix(name: RepositoryName): string {
  return `${repositoryPrefix(name)}referrers/`;
}

/** Begins the keys of all markers: those of `_repository` among them are the catalog. */
export function repositoryMarkersPrefix(): string {
  return repositoriesRoot;
}

/** Begins the keys of the markers of what refers to `subject`, or to anything in the repository if it is left out; no others. */
export function referrerMarkersPrefix(name: RepositoryName, subject?: Digest): string {
  const all = `${markersPrefix(name)}_referrers/`;
  return subject === undefined ? all : `${all}${subject}/`;
}

/** Whether a text can name a staged blob: at most 128 lower-case letters and digits, parted by single `-` (a UUID is one). */
export function isStagingId(text: string): boolean {
  return text.length <= maxStagingIdLength && stagingIdGrammar.test(text);
}

function markersPrefix(name: RepositoryName): string {
  return `${repositoriesRoot}${parseBucketRepositoryName(name)}/`;
}

function checkStagingId(id: string): string {
  if (isStagingId(id)) return id;
  throw new BucketError(
    'key-invalid',
    `Cannot stage a blob as ${JSON.stringify(id.slice(0, 160))}: wanted at most ${maxStagingIdLength} lower-case letters and digits, parted by "-"`,
  );
}

function encodedRecipe(recipe: Digest): string {
  if (digestAlgorithm(recipe) === 'sha256') return digestEncoded(recipe);
  throw new BucketError('key-invalid', `Cannot name a recipe by "${recipe}": wanted a digest of sha256`);
}
