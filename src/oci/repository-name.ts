import { RegistryError } from '../errors/registry-error.ts';

declare const repositoryName: unique symbol;
declare const tag: unique symbol;

/** A repository's name as the specification spells it (distribution-spec, "Pulling manifests"). */
export type RepositoryName = string & { readonly [repositoryName]: true };
/** A tag as the specification spells it. */
export type Tag = string & { readonly [tag]: true };

const nameGrammar = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagGrammar = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
/** Clients limit the whole of host and name to 255; names alone leave room for a host. */
const maxNameLength = 200;

/**
 * Reads a repository name. (Which components a bucket reserves is for `layout/` to say.)
 * @throws RegistryError `name-invalid`
 */
export function parseRepositoryName(text: string): RepositoryName {
  if (text.length > maxNameLength || !nameGrammar.test(text)) {
    throw new RegistryError(
      'name-invalid',
      `Cannot use ${JSON.stringify(text.slice(0, 220))} as a repository name: wanted at most ${maxNameLength} characters, lower-case letters and digits, parted by ".", "_", "__", "-" and "/"`,
    );
  }
  return text as RepositoryName;
}

/** Whether a text is a repository name. */
export function isRepositoryName(text: string): text is RepositoryName {
  return text.length <= maxNameLength && nameGrammar.test(text);
}

/**
 * Reads a tag.
 * @throws RegistryError `tag-invalid`
 */
export function parseTag(text: string): Tag {
  if (!tagGrammar.test(text)) {
    throw new RegistryError(
      'tag-invalid',
      `Cannot use ${JSON.stringify(text.slice(0, 160))} as a tag: wanted 1 to 128 letters, digits, "_", "." and "-", not beginning with "." or "-"`,
    );
  }
  return text as Tag;
}

/** Whether a text is a tag. */
export function isTag(text: string): text is Tag {
  return tagGrammar.test(text);
}
