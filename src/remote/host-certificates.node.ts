import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { RegistryError } from '../errors/registry-error.ts';

/** What the machine's configuration says of the certificates of a host: paths of PEM files. */
export interface HostCertificates {
  readonly authorities: readonly string[];
  readonly clients: readonly { readonly cert: string; readonly key: string }[];
}

/** Where container tools keep certificates: a folder a host, in the user's and the system's. */
function certificateFolders(env: Readonly<Record<string, string | undefined>>, host: string): readonly string[] {
  const config = env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config');
  const roots = [join(config, 'containers'), '/etc/containers', '/etc/containerd', '/etc/docker'];
  return roots.map((root) => join(root, 'certs.d', host));
}

/**
 * The certificates of a host, as Docker, podman and containerd find them: of the first folder with some, `*.crt` are authorities to trust, `*.cert` with its `*.key` is what we prove
 * ourselves with.
 * @throws RegistryError `input-missing` for one without the other
 */
export async function findHostCertificates(env: Readonly<Record<string, string | undefined>>, host: string): Promise<HostCertificates> {
  for (const folder of certificateFolders(env, host)) {
    const names = await readdir(folder).catch((): string[] => []);
    // containerd's may hold a hosts.toml alone
    if (names.some((name) => /\.(?:crt|cert)$/.test(name))) return readFolder(folder, names.toSorted());
  }
  return { authorities: [], clients: [] };
}

function readFolder(folder: string, names: readonly string[]): HostCertificates {
  const clients = names
    .filter((name) => name.endsWith('.cert'))
    .map((name) => {
      const key = name.replace(/\.cert$/, '.key');
      if (names.includes(key)) return { cert: join(folder, name), key: join(folder, key) };
      throw new RegistryError('input-missing', `Cannot use the certificate "${join(folder, name)}": wanted its key "${key}" beside it`);
    });
  return { authorities: names.filter((name) => name.endsWith('.crt')).map((name) => join(folder, name)), clients };
}
