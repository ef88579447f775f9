import type { HttpClient } from '../http/http-client.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { CredentialsLookup } from '../remote/credentials.ts';
import { findPullEndpoints } from '../remote/find-pull-endpoints.node.ts';
import { type MirroredSources, openMirroredRepository } from '../remote/mirrored-repository.ts';
import type { PullEndpoint } from '../remote/pull-endpoint.ts';
import { formatRateLimit, isLow, type RateLimit } from '../remote/rate-limit.ts';
import { createRegistryClient } from '../remote/registry-client.ts';
import { openRemoteRepository, type RemoteRepository } from '../remote/remote-repository.ts';
import { systemClock } from '../streams/clock.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { openHttp } from './open-http.node.ts';

/** A repository that is only read, and the connections to wherever it is read from. */
export interface OpenedPull {
  readonly repository: RemoteRepository;
  close(): Promise<void>;
}

/** A mirror is tried, not waited for: its registry has it all. */
const mirrorAttempts = 1;

/** Opens a repository of a registry for reading, over the mirrors that the machine's configuration names. Nothing is read or sent before the first request. */
export function openPull(
  host: string,
  name: RepositoryName,
  options: ConnectionOptions & { readonly credentials: CredentialsLookup },
): OpenedPull {
  const { environment, insecure = false, note, credentials } = options;
  let http: HttpClient | undefined;
  async function find(): Promise<MirroredSources> {
    const { mirrors, registry: configured } = await findPullEndpoints(environment, host, name);
    const registry: PullEndpoint = insecure ? { ...configured, scheme: 'either', verifies: false } : configured;
    const connections = await openHttp(environment, [...mirrors, registry]);
    http = connections;
    const open = (endpoint: PullEndpoint, attempts: number | undefined): RemoteRepository => {
      const { host: place, scheme, route, repository } = endpoint;
      const noteLow = noteLowLimit(place, note);
      const onRateLimit = (limit: RateLimit): void => {
        noteLow?.(limit);
        options.onRateLimit?.(limit);
      };
      const client = createRegistryClient({ host: place, http: connections, clock: systemClock, credentials, scheme, route, onRateLimit });
      return openRemoteRepository(client, repository, systemClock, { attempts });
    };
    return {
      mirrors: mirrors.map((mirror) => ({ host: mirror.host, serves: mirror.serves, repository: open(mirror, mirrorAttempts) })),
      registry: open(registry, undefined),
    };
  }
  return { repository: openMirroredRepository(find, note), close: async () => http?.close() };
}

/** Says once that little is left of a limit. */
function noteLowLimit(host: string, note: ConnectionOptions['note']): ((limit: RateLimit) => void) | undefined {
  let isNoted = false;
  return (
    note &&
    ((limit) => {
      if (isNoted || !isLow(limit)) return;
      isNoted = true;
      note(`note: of the limit of ${host} ${formatRateLimit(limit)}; logged-in users have a higher one ("bucketry login ${host}").`);
    })
  );
}
