import type { HttpClient } from '../http/http-client.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { createCredentialsLookup } from '../remote/credential-files.node.ts';
import { createRegistryClient } from '../remote/registry-client.ts';
import type { RegistryScheme } from '../remote/registry-origin.ts';
import { openRemotePush, type RemotePush } from '../remote/remote-push.ts';
import { openRemoteRemoval, type RemoteRemoval } from '../remote/remote-removal.ts';
import { openRemoteRepository, type RemoteRepository } from '../remote/remote-repository.ts';
import { systemClock } from '../streams/clock.ts';
import type { BucketAddress } from '../transports/bucket-address.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { openPull } from './open-pull.node.ts';
import { openRegistryHttp } from './open-registry.node.ts';

/** A repository of a host that speaks as a registry does, and the connections to it. */
export interface OpenedRemote {
  readonly repository: RemoteRepository;
  readonly push: RemotePush;
  readonly removal: RemoteRemoval;
  /** Where it answers: its scheme was asked for, or found out. */
  findOrigin(signal: AbortSignal): Promise<URL>;
  close(): Promise<void>;
}

/** A host: of a registry, whose logins are Docker's, or of a bucket that is only public, which is read as a registry without a login. */
export type RemoteAddress = Extract<BucketAddress, { readonly host: string }> | { readonly kind: 'registry'; readonly host: string };

/** A bucket's scheme is what its place says; of a registry no scheme is named. */
const schemes: Readonly<Record<RemoteAddress['kind'], RegistryScheme | undefined>> = { http: 'http', https: 'https', registry: undefined };

/** Opens a repository of a registry, or of a public bucket: to its readers a bucket is a registry. Nothing is read or sent before the first request. */
export function openRemote(
  { kind, host }: RemoteAddress,
  name: RepositoryName,
  environment: NodeJS.ProcessEnv,
  options: Omit<ConnectionOptions, 'environment'> = {},
): OpenedRemote {
  const { insecure = false } = options;
  const http = openLazily(() => openRegistryHttp(host, { environment, insecure }));
  const credentials = kind === 'registry' ? createCredentialsLookup(environment) : async () => undefined;
  const scheme = insecure && kind === 'registry' ? 'either' : schemes[kind];
  const client = createRegistryClient({ host, http, clock: systemClock, credentials, scheme });
  const pull = kind === 'registry' ? openPull(host, name, { ...options, environment, credentials }) : undefined;
  return {
    repository: pull?.repository ?? openRemoteRepository(client, name, systemClock),
    push: openRemotePush({ client, name, clock: systemClock }),
    removal: openRemoteRemoval(client, name, systemClock),
    findOrigin: (signal) => client.locate('/', signal),
    close: async () => void (await Promise.all([http.close(), pull?.close()])),
  };
}

/** Opens a client when the first request is sent. */
function openLazily(open: () => Promise<HttpClient>): HttpClient {
  let opened: Promise<HttpClient> | undefined;
  return {
    send: async (request) => (await (opened ??= open())).send(request),
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
}
