import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { RegistryError } from '../errors/registry-error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { findHostCertificates } from './host-certificates.node.ts';
import type { PullEndpoint, PullEndpoints } from './pull-endpoint.ts';

type Environment = Readonly<Record<string, string | undefined>>;

interface TextFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Where a repository is pulled from, as the machine's configuration has it: what `registries.conf` of podman and its kin says of it, else what `hosts.toml` of containerd says of its
 * registry, else its registry alone. Certificates of `certs.d` belong to their hosts.
 * @throws RegistryError `registry-blocked`, `input-invalid`
 */
export async function findPullEndpoints(env: Environment, host: string, repository: RepositoryName): Promise<PullEndpoints> {
  const found = (await readRegistriesConf(env, host, repository)) ?? (await readHostsToml(env, host, repository));
  const { mirrors, registry } = found ?? {
    mirrors: [],
    registry: { host, repository, verifies: true, authorities: [], clients: [], serves: 'all' },
  };
  const addCertificates = async (endpoint: PullEndpoint): Promise<PullEndpoint> => {
    const { authorities, clients } = await findHostCertificates(env, endpoint.host);
    return { ...endpoint, authorities: [...endpoint.authorities, ...authorities], clients: [...endpoint.clients, ...clients] };
  };
  return { mirrors: await Promise.all(mirrors.map(addCertificates)), registry: await addCertificates(registry) };
}

async function readRegistriesConf(env: Environment, host: string, repository: RepositoryName): Promise<PullEndpoints | undefined> {
  const files = await readRegistryFiles(env);
  if (files.length === 0) return undefined;
  const { findConfiguredEndpoints, parseRegistriesConf } = await import('./registries-conf.ts');
  // Of two that say the same prefix, the later file counts
  const registries = files.toReversed().flatMap(({ text, path }) => parseRegistriesConf(text, path));
  return findConfiguredEndpoints(registries, host, repository);
}

/** The user's file in place of the system's; then the folders beside both, in the order of their files. */
async function readRegistryFiles(env: Environment): Promise<readonly TextFile[]> {
  const named = env['CONTAINERS_REGISTRIES_CONF'];
  if (named) return [await readText(named)].filter((file) => file !== undefined);
  const [user, system] = [configFolder(env), '/etc'].map((folder) => join(folder, 'containers', 'registries.conf')) as [string, string];
  const main = (await readText(user)) ?? (await readText(system));
  const added = await Promise.all([system, user].map((path) => readFolder(`${path}.d`)));
  return [main, ...added.flat()].filter((file) => file !== undefined);
}

async function readFolder(folder: string): Promise<readonly TextFile[]> {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.endsWith('.conf')).toSorted();
  return (await Promise.all(files.map((name) => readText(join(folder, name))))).filter((file) => file !== undefined);
}

async function readHostsToml(env: Environment, host: string, repository: RepositoryName): Promise<PullEndpoints | undefined> {
  const roots = [join(configFolder(env), 'containerd', 'certs.d'), '/etc/containerd/certs.d', '/etc/docker/certs.d'];
  // A file system without ":" in names has "_" around the port
  const names = [host, host.replace(/:(\d+)$/, '_$1_'), '_default'];
  for (const path of roots.flatMap((root) => names.map((name) => join(root, name, 'hosts.toml')))) {
    const file = await readText(path);
    if (file === undefined) continue;
    const { parseHostsToml } = await import('./hosts-toml.ts');
    return parseHostsToml({ ...file, resolve: (relative) => resolve(dirname(path), relative) }, host, repository);
  }
  return undefined;
}

function configFolder(env: Environment): string {
  return env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config');
}

async function readText(path: string): Promise<TextFile | undefined> {
  try {
    return { path, text: await readFile(path, 'utf8') };
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw new RegistryError('input-invalid', `Cannot read the configuration of registries "${path}"`, { cause: error });
  }
}
