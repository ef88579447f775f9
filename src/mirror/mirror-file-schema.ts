import * as v from 'valibot';

/*
 * The file of `mirror`, as docs/mirror.md describes it. Messages say what was wanted; where it stands is said by whoever knows the lines.
 */

/** What may be said once for all repositories, and for each. */
export interface MirrorSettings {
  readonly tags?: readonly string[] | undefined;
  readonly semver?: string | undefined;
  readonly latest?: number | undefined;
  readonly platforms?: readonly string[] | undefined;
  readonly referrers?: boolean | undefined;
  readonly prune?: boolean | undefined;
  readonly maxPrune?: string | undefined;
}

/** One repository of the file. */
export interface MirrorFileRepository extends MirrorSettings {
  readonly from: string;
  readonly to?: string | undefined;
}

/** The whole file. Each repository is checked by itself (see `schemaOfRepository`), so that a mistake in one is told as what it is. */
export interface MirrorFileContent {
  readonly bucket?: string | undefined;
  readonly defaults?: MirrorSettings | undefined;
  readonly repositories: readonly unknown[];
}

const text = v.pipe(v.string('wanted text'), v.nonEmpty('wanted text'));
/** One or several: `tags: '3.*'`. A list of none may mean all or nothing, and with `prune` that matters. */
const oneOrMore = v.pipe(
  v.union([text, v.pipe(v.array(text), v.nonEmpty('wanted one or more'))], 'wanted text or a list of texts'),
  v.transform((value) => (typeof value === 'string' ? [value] : value)),
);
const positive = v.pipe(v.number('wanted a number'), v.integer('wanted a whole number'), v.minValue(1, 'wanted 1 or more'));
const truth = v.boolean('wanted true or false');
const bound = v.union([v.pipe(v.number(), v.transform(String)), text], 'wanted a number, or a share such as 10%');

const settings = {
  tags: v.optional(oneOrMore),
  semver: v.optional(text),
  latest: v.optional(positive),
  platforms: v.optional(oneOrMore),
  referrers: v.optional(truth),
  prune: v.optional(truth),
  maxPrune: v.optional(bound),
};

const repositoryEntries = { from: text, to: v.optional(text), ...settings };
const repositorySchema = v.strictObject(repositoryEntries, wantedKeys(repositoryEntries));
/** `- docker.io/library/alpine` says as much as `- from: docker.io/library/alpine`. */
const shortSchema = v.pipe(
  v.string('wanted a repository of a registry, or its settings'),
  v.transform((from) => ({ from })),
);

const fileEntries = {
  bucket: v.optional(text),
  defaults: v.optional(v.strictObject(settings, wantedKeys(settings))),
  repositories: v.pipe(v.array(v.unknown(), 'wanted a list of repositories'), v.nonEmpty('wanted one repository or more')),
};

/** What the whole file is checked by. */
export const mirrorFileSchema: v.GenericSchema<unknown, MirrorFileContent> = v.strictObject(fileEntries, wantedKeys(fileEntries));

/** What a repository of the list is checked by. */
export function schemaOfRepository(item: unknown): v.GenericSchema<unknown, MirrorFileRepository> {
  return typeof item === 'object' && item !== null ? repositorySchema : shortSchema;
}

/** Said of what is no mapping, of a key that is not known, and of one that is missing. */
function wantedKeys(entries: v.ObjectEntries): string {
  const names = Object.entries(entries).map(([name, { type }]) => (type === 'optional' ? name : `${name} (required)`));
  return `wanted the keys ${names.join(', ')}`;
}
