import type { RepositoryName } from '../oci/repository-name.ts';
import { createCredentialsLookup } from '../remote/credential-files.node.ts';
import { createRegistryClient } from '../remote/registry-client.ts';
import { openRemoteRemoval, type RemoteRemoval } from '../remote/remote-removal.ts';
import { openRemoteRepository, type RemoteRepository } from '../remote/remote-repository.ts';
import { systemClock } from '../streams/clock.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { openRegistryHttp } from './open-registry.node.ts';

/** A repository of a registry, to look into and to empty. */
export interface OpenedRemoval {
  readonly repository: RemoteRepository;
  readonly removal: RemoteRemoval;
  /** Whether it speaks TLS. Asks it, the first time. */
  isSecure(signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

/** Opens a repository of a registry with the logins that its clients have; nothing is sent yet. */
export async function openRemovalOf(
  host: string,
  name: RepositoryName,
  { environment, insecure = false }: ConnectionOptions,
): Promise<OpenedRemoval> {
  const http = await openRegistryHttp(host, { environment, insecure });
  const credentials = createCredentialsLookup(environment);
  const client = createRegistryClient({ host, http, clock: systemClock, credentials, scheme: insecure ? 'either' : undefined });
  return {
    repository: openRemoteRepository(client, name, systemClock),
    removal: openRemoteRemoval(client, name, systemClock),
    isSecure: async (signal) => (await client.locate('/', signal)).protocol === 'https:',
    close: () => http.close(),
  };
}
