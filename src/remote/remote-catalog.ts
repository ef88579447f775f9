import { RegistryError } from '../errors/registry-error.ts';
import type { Clock } from '../streams/clock.ts';
import { readAll } from '../streams/read-all.ts';
import { parseTextPage, readPages, type Page } from './pages.ts';
import { patiently } from './patience.ts';
import type { RegistryClient } from './registry-client.ts';
import { errorOfResponse } from './registry-errors.ts';

const maxPageBytes = 8 * 1024 * 1024;

/**
 * The names of a registry's repositories, page by page (distribution, "Catalog"): what the login may see of them, as the registry spells them. Many registries have no catalog.
 * @throws RegistryError `registry-invalid` where there is none, `unauthorized`, `denied`, …
 */
export async function* listRepositories(
  client: RegistryClient,
  clock: Clock,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<string> {
  const list = `the repositories of "${client.host}"`;
  async function readPage(page: URL): Promise<Page<string>> {
    const response = await client.send({ method: 'GET', path: page, scope: 'registry:catalog:*', signal });
    if (response.status === 404) {
      const { message } = await errorOfResponse(response, `list ${list}`, clock.now());
      throw new RegistryError('registry-invalid', message, { hint: 'This registry has no catalog: name its repositories one by one.' });
    }
    if (response.status !== 200) throw await errorOfResponse(response, `list ${list}`, clock.now());
    return parseTextPage(await readAll(response.body, maxPageBytes, list), 'repositories', list, response.headers['link'], page);
  }
  const first = await client.locate('/v2/_catalog?n=1000', signal);
  yield* readPages(first, (page) => patiently(() => readPage(page), clock, { signal }));
}
