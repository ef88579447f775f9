import { RegistryError } from '../errors/registry-error.ts';

/** Whether a tag is one of those meant. */
export type TagFilter = (tag: string) => boolean;

const grammar = /^!?[a-zA-Z0-9_.*?-]{1,200}$/;

/**
 * Reads patterns of tags: `*` stands for any characters, `?` for one; a pattern after `!` takes out what the others let in. With none that lets in, all tags are meant.
 * @throws RegistryError `usage-invalid`
 */
export function parseTagPatterns(patterns: readonly string[]): TagFilter {
  const wrong = patterns.find((pattern) => !grammar.test(pattern));
  if (wrong !== undefined) {
    throw new RegistryError(
      'usage-invalid',
      `Cannot read ${JSON.stringify(wrong.slice(0, 200))} as a pattern of tags: wanted the characters of tags, "*" and "?", after "!" to leave out`,
    );
  }
  const isNegative = (pattern: string): boolean => pattern.startsWith('!');
  const included = patterns.filter((pattern) => !isNegative(pattern)).map(compile);
  const excluded = patterns.filter(isNegative).map((pattern) => compile(pattern.slice(1)));
  return (tag) => (included.length === 0 || included.some((matches) => matches(tag))) && !excluded.some((matches) => matches(tag));
}

function compile(pattern: string): TagFilter {
  const pieces = pattern.replace(/\*+/g, '*').replace(/[.-]/g, '\\$&').replaceAll('?', '.').replaceAll('*', '.*');
  const expression = new RegExp(`^${pieces}$`);
  return (tag) => expression.test(tag);
}
