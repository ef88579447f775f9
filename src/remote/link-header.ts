import { RegistryError } from '../errors/registry-error.ts';

/**
 * The next page that `Link: <…>; rel="next"` names (RFC 8288; distribution-spec, "Listing Tags"), relative to the page it came with.
 * @returns undefined on the last page
 * @throws RegistryError `registry-invalid` when it leads to another origin: credentials stay where they belong
 */
export function parseNextPage(link: string | undefined, page: URL): URL | undefined {
  for (const [, target = '', parameters = ''] of (link ?? '').slice(0, 8192).matchAll(/<([^<>]*)>([^,<]*)/g)) {
    if (!/;\s*rel\s*=\s*"?next"?\s*(;|$)/i.test(parameters)) continue;
    const next = URL.parse(target, page);
    if (!next || next.origin !== page.origin) {
      throw new RegistryError(
        'registry-invalid',
        `Cannot follow the next page of "${page.origin}": it leads to ${JSON.stringify(target.slice(0, 200))}, another origin`,
      );
    }
    return next;
  }
  return undefined;
}
