import * as v from 'valibot';
import { RegistryError } from '../errors/registry-error.ts';
import { parseNextPage } from './link-header.ts';

/** One page of a list, and where the next one is. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: URL | undefined;
}

/** Pages that are read of one list: with the thousand entries that are asked for on each, more than any registry has. */
const maxPages = 10_000;
/** Entries of one list; who reads lists keeps them. */
const maxEntries = 1_000_000;
/** Tags have at most 128 characters, and no name is longer than this. Control characters would reach the terminal. */
const entryPattern = /^[^\u0000-\u0020\u007f-\u009f]{1,255}$/;

/**
 * Reads a list page by page (distribution-spec, "Listing Tags").
 * @throws RegistryError `registry-invalid` when pages lead in a circle, or never end, or hold more than anyone keeps; and what `read` throws
 */
export async function* readPages<T>(first: URL, read: (page: URL) => Promise<Page<T>>): AsyncGenerator<T> {
  const seen = new Set<string>();
  let page: URL | undefined = first;
  let entries = 0;
  while (page !== undefined) {
    if (seen.has(page.href) || seen.size === maxPages) {
      throw new RegistryError(
        'registry-invalid',
        `Cannot read a list of "${first.host}" to its end: ${seen.size} pages lead to no last one`,
      );
    }
    seen.add(page.href);
    const { items, next }: Page<T> = await read(page);
    entries += items.length;
    if (entries > maxEntries) {
      throw new RegistryError('registry-invalid', `Cannot read a list of "${first.host}": over ${maxEntries} entries came`);
    }
    yield* items;
    page = next;
  }
}

/**
 * A page that is JSON with an array of texts in one of its members, which some registries leave out or null when it is empty.
 * @param list as in "Cannot list …"
 * @throws RegistryError `registry-invalid`
 */
export function parseTextPage(bytes: Uint8Array, member: string, list: string, link: string | undefined, page: URL): Page<string> {
  const schema = v.object({ [member]: v.nullish(v.array(v.pipe(v.string(), v.regex(entryPattern))), []) });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new RegistryError('registry-invalid', `Cannot list ${list}: the answer is not JSON`, { cause: error });
  }
  const result = v.safeParse(schema, json);
  if (!result.success)
    throw new RegistryError('registry-invalid', `Cannot list ${list}: the answer holds no "${member}", or some that are no names`);
  return { items: result.output[member] ?? [], next: parseNextPage(link, page) };
}
