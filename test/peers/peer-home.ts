import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTemporaryFolder } from './temporary-folder.ts';

/** A folder that a peer takes for the user's home, and the environment that says so. */
export interface PeerHome {
  readonly path: string;
  /** All that the peer sees: no proxy, no credential and no configuration of the machine's user. */
  readonly env: NodeJS.ProcessEnv;
  readonly remove: () => Promise<void>;
}

const SUBFOLDERS = ['.config/containers', '.cache', '.local/share', 'run', 'tmp', '.docker'];

/** Makes a home with empty configuration; container tools find a policy there that accepts unsigned images. */
export async function createPeerHome(label: string): Promise<PeerHome> {
  const folder = await createTemporaryFolder(label);
  const path = folder.path;
  await Promise.all(SUBFOLDERS.map((name) => mkdir(join(path, name), { recursive: true })));
  const policy = { default: [{ type: 'insecureAcceptAnything' }] };
  await writeFile(join(path, '.config/containers/policy.json'), JSON.stringify(policy));
  await writeFile(join(path, '.config/containers/registries.conf'), '');
  await writeFile(join(path, '.docker/config.json'), '{}'); // podman insists on it once DOCKER_CONFIG is set
  return { path, env: homeEnvironment(path), remove: folder.remove };
}

function homeEnvironment(path: string): NodeJS.ProcessEnv {
  return {
    PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
    LANG: 'C.UTF-8',
    HOME: path,
    XDG_CONFIG_HOME: join(path, '.config'),
    XDG_CACHE_HOME: join(path, '.cache'),
    XDG_DATA_HOME: join(path, '.local/share'),
    XDG_RUNTIME_DIR: join(path, 'run'),
    DOCKER_CONFIG: join(path, '.docker'),
    CONTAINERS_REGISTRIES_CONF: join(path, '.config/containers/registries.conf'),
    TMPDIR: join(path, 'tmp'),
  };
}
