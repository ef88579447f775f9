import { RegistryError } from '../errors/registry-error.ts';

/**
 * Reads where clients pull from: an origin, since they ask for `/v2/…` at a host's root.
 * @throws RegistryError `usage-invalid`
 */
export function parsePublicUrl(text: string): string {
  const url = URL.parse(text);
  const isOrigin =
    url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  if (isOrigin) return url.origin;
  throw new RegistryError('usage-invalid', 'Cannot take this public URL: wanted http(s)://HOST[:PORT], without path, query and user', {
    hint: 'Clients ask for /v2/… at the root of a host: a path cannot be part of an image reference.',
  });
}
