import { afterAll, afterEach, expect, it } from 'vitest';
import { createVirtualClock } from '../../test/faults/virtual-clock.ts';
import { startTokenRegistry, type TokenRegistry } from '../../test/token-registry/token-registry.ts';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import { createRegistryClient } from './registry-client.ts';
import { listRepositories } from './remote-catalog.ts';

const http = createNodeHttpClient({ env: {} });
const opened: TokenRegistry[] = [];
afterEach(async () => {
  for (const registry of opened.splice(0)) await registry.close();
});
afterAll(() => http.close());

async function list(catalog: readonly string[] | undefined): Promise<string[]> {
  const registry = await startTokenRegistry({ login: { kind: 'none' }, ...(catalog && { catalog }) });
  opened.push(registry);
  const clock = createVirtualClock();
  const client = createRegistryClient({ host: registry.host, http, clock, credentials: async () => undefined });
  return Array.fromAsync(listRepositories(client, clock));
}

it('lists the repositories of a registry over pages', async () => {
  const names = ['a', 'b', 'team/app', 'team/base', 'z'];
  expect(await list(names)).toEqual(names);
});

it('says so where a registry has no catalog', async () => {
  await expect(list(undefined)).rejects.toMatchObject({ code: 'registry-invalid', hint: expect.stringContaining('no catalog') as unknown });
});
