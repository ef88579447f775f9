/**
 * How S3 writes keys and queries in URLs, and into what it signs: every byte of UTF-8 but the unreserved ones (RFC 3986 section 2.3) as `%XX`. What is built here is canonical
 * already: the URL that is sent and the text that is signed are the same.
 */

/** Encodes all but `A-Z a-z 0-9 - . _ ~`. */
function encodeUriPart(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A key as a path, with its slashes kept. */
export function encodeKey(key: string): string {
  return key.split('/').map(encodeUriPart).join('/');
}

/** A query in canonical order, which is that of the encoded names; a parameter without a value is written `name=`. */
export function formatQuery(query: Readonly<Record<string, string>>): string {
  return sortPairs(Object.entries(query).map(([name, value]) => [encodeUriPart(name), encodeUriPart(value)] as const));
}

/** The canonical form of any path: decoded where it was encoded, and encoded again as S3 does. */
export function canonicalPath(path: string): string {
  return path.split('/').map(recodePart).join('/');
}

/** The canonical form of any query, given without its `?`. */
export function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs = query.split('&').map((pair) => {
    const [name = '', ...value] = pair.split('=');
    return [recodePart(name), recodePart(value.join('='))] as const;
  });
  return sortPairs(pairs);
}

function recodePart(part: string): string {
  return encodeUriPart(decodeURIComponent(part));
}

function sortPairs(pairs: readonly (readonly [string, string])[]): string {
  // Encoded text is ASCII, so that comparing code units compares bytes
  const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
  return pairs
    .toSorted(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}
