import { afterAll, afterEach } from 'vitest';
import { createNodeHttpClient } from '../../src/http/node-http-client.node.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import type { CredentialsLookup } from '../../src/remote/credentials.ts';
import { createRegistryClient } from '../../src/remote/registry-client.ts';
import { openRemotePush, type RemotePush } from '../../src/remote/remote-push.ts';
import type { Clock } from '../../src/streams/clock.ts';
import { createVirtualClock } from '../faults/virtual-clock.ts';
import { startTokenRegistry, type TokenRegistry, type TokenRegistryOptions } from './token-registry.ts';

/** The login that every push here has at hand; a registry that asks for none never sees it. */
export const bearer = { kind: 'bearer', username: 'ada', password: 'sesame' } as const;
const ada: CredentialsLookup = async () => ({ kind: 'password', username: 'ada', password: 'sesame' });

/** A push to a registry of its own. */
export interface OpenedPush {
  readonly registry: TokenRegistry;
  readonly push: RemotePush;
  readonly clock: Clock;
  /** Methods and paths that the repository was asked for, without what differs from run to run. */
  readonly asked: () => string[];
}

/** Opens pushes to `team/app` of registries that are closed after each test of the file. Waits take no time. */
export function preparePushes(): (options?: Partial<TokenRegistryOptions>, mountFrom?: string) => Promise<OpenedPush> {
  const http = createNodeHttpClient({ env: {} });
  const opened: TokenRegistry[] = [];
  afterEach(async () => {
    for (const registry of opened.splice(0)) await registry.close();
  });
  afterAll(() => http.close());
  return async (options = {}, mountFrom) => {
    const registry = await startTokenRegistry({ login: { kind: 'none' }, ...options });
    opened.push(registry);
    const clock = createVirtualClock();
    const client = createRegistryClient({ host: registry.host, http, clock, credentials: ada });
    const push = openRemotePush({
      client,
      name: parseRepositoryName('team/app'),
      clock,
      mountFrom: mountFrom === undefined ? undefined : parseRepositoryName(mountFrom),
    });
    return { registry, push, clock, asked: () => listAsked(registry) };
  };
}

function listAsked({ requests }: TokenRegistry): string[] {
  return requests
    .filter(({ line }) => line.includes('/team/app/'))
    .map(({ line }) =>
      line
        .replace(/\/v2\/team\/app\//, '')
        .replaceAll(/\?.*/g, '')
        .replace(/uploads\/.+/, 'uploads/ID'),
    );
}
