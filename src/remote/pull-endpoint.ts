import type { RepositoryName } from '../oci/repository-name.ts';
import type { RegistryRoute } from './registry-client.ts';
import type { RegistryScheme } from './registry-origin.ts';

/** A place that may answer for a repository: its registry, or a mirror. */
export interface PullEndpoint {
  /** Host and port. */
  readonly host: string;
  /** The repository's name there. */
  readonly repository: RepositoryName;
  /** Left out: see `RegistryClientOptions`. */
  readonly scheme?: RegistryScheme | undefined;
  readonly route?: RegistryRoute | undefined;
  /** `false`: any certificate will do. */
  readonly verifies: boolean;
  /** Paths of PEM files. */
  readonly authorities: readonly string[];
  readonly clients: readonly { readonly cert: string; readonly key: string }[];
  /** Manifests that it is asked for: by tag, by digest, or by both. Blobs it is asked for in any case. */
  readonly serves: 'all' | 'tags' | 'digests';
}

/** Where a repository is pulled from. */
export interface PullEndpoints {
  /** In the order in which they are asked; what none of them has comes from the registry. */
  readonly mirrors: readonly PullEndpoint[];
  readonly registry: PullEndpoint;
}
