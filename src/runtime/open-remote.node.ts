import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import { withRequestTrace } from '../http/with-request-trace.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { createDockerConfigLookup } from '../remote/docker-config.node.ts';
import { createRegistryClient } from '../remote/registry-client.ts';
import { openRemotePush, type RemotePush } from '../remote/remote-push.ts';
import { openRemoteRepository, type RemoteRepository } from '../remote/remote-repository.ts';
import { systemClock } from '../streams/clock.ts';
import type { BucketAddress } from '../transports/bucket-address.ts';

/** A repository of a host that speaks as a registry does, and the connections to it. */
export interface OpenedRemote {
  readonly repository: RemoteRepository;
  readonly push: RemotePush;
  close(): Promise<void>;
}

/** A host: of a registry, whose logins are Docker's, or of a bucket that is only public, which is read as a registry without a login. */
export type RemoteAddress = Extract<BucketAddress, { readonly host: string }> | { readonly kind: 'registry'; readonly host: string };

/** A bucket's scheme is what its place says; of a registry no scheme is named. */
const insecurity: Readonly<Record<RemoteAddress['kind'], boolean | undefined>> = { http: true, https: false, registry: undefined };

/** Opens a repository of a registry, or of a public bucket: to its readers a bucket is a registry. */
export function openRemote({ kind, host }: RemoteAddress, name: RepositoryName, environment: NodeJS.ProcessEnv): OpenedRemote {
  const http = withRequestTrace(createNodeHttpClient({ env: environment }));
  const credentials = kind === 'registry' ? createDockerConfigLookup(environment) : async () => undefined;
  const client = createRegistryClient({ host, http, clock: systemClock, credentials, insecure: insecurity[kind] });
  return {
    repository: openRemoteRepository(client, name, systemClock),
    push: openRemotePush({ client, name, clock: systemClock }),
    close: () => http.close(),
  };
}
