import { RegistryError } from '../errors/registry-error.ts';
import type { RedirectedResponse } from '../http/redirect.ts';
import type { Digest } from '../oci/digest.ts';

const maxShownLength = 200;

/**
 * Where an upload session goes on: the `Location` of an answer, relative to the URL that gave it or absolute. It is the registry's own affair what stands in it.
 * @throws RegistryError `registry-invalid`
 */
export function readUploadLocation({ headers, url }: Pick<RedirectedResponse, 'headers' | 'url'>): URL {
  const text = headers['location'];
  const location = text === undefined || text === '' ? null : URL.parse(text, url);
  if (location === null || location.username !== '' || location.password !== '') {
    // Without its query, which may hold a signature
    const found =
      text === undefined
        ? 'no Location'
        : JSON.stringify(
            text
              .split('?')[0]
              ?.replace(/\/\/[^/]*@/, '//…@')
              .slice(0, maxShownLength),
          );
    throw new RegistryError(
      'registry-invalid',
      `Cannot upload to "${url.host}": its answer has ${found}, wanted the URL of an upload session`,
    );
  }
  location.hash = '';
  return location;
}

/** The URL that ends a session: its query as it came, since sessions keep their state there, and the digest. */
export function withDigest(location: URL, digest: Digest): URL {
  const url = new URL(location);
  url.search = `${location.search === '' ? '?' : `${location.search}&`}digest=${encodeURIComponent(digest)}`;
  return url;
}
