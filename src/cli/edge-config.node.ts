import { resolve } from 'node:path';
import { formatCaddyfile, formatNginxConfig, type FileServerOptions } from '../bucket/directory/file-server-config.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { publicSite } from '../layout/public-site.ts';
import type { ResolvedBucketPlace } from '../runtime/resolve-place.node.ts';

/** Servers that a configuration can be written for, as the flag names them. */
export type EdgeServer = 'nginx' | 'caddy';
export const edgeServers: readonly EdgeServer[] = ['nginx', 'caddy'];

const formats: Readonly<Record<EdgeServer, (options: FileServerOptions) => string>> = { nginx: formatNginxConfig, caddy: formatCaddyfile };

/** A configuration that works as it is. */
export interface EdgeConfig {
  readonly server: EdgeServer;
  readonly config: string;
}

/**
 * Writes the configuration of a file server that serves a directory bucket as the public address of a bucket would.
 * @throws RegistryError `usage-invalid` for a bucket that is not a directory
 */
export function createEdgeConfig(server: EdgeServer, address: ResolvedBucketPlace['address'], listen: string): EdgeConfig {
  if (address.kind !== 'file') {
    throw new RegistryError('usage-invalid', `Cannot configure ${server} for this bucket: wanted a directory, such as file:./bucket`, {
      hint: 'Clients pull from the host of a store itself.',
    });
  }
  return { server, config: formats[server]({ root: resolve(address.path), listen, site: publicSite }) };
}
