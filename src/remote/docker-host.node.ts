import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import * as v from 'valibot';
import { RegistryError } from '../errors/registry-error.ts';
import { digestHex } from '../streams/hasher.ts';

/** Where a Docker daemon listens. */
export type DockerHost = { readonly location: string } & (
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'tcp'; readonly hostname: string; readonly port: number; readonly tls?: DockerTls | undefined }
  | { readonly kind: 'ssh'; readonly words: readonly string[] }
);

/** Certificates of a daemon that listens with TLS, as texts in PEM; what is missing is left out. */
export interface DockerTls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly isVerified: boolean;
}

type DockerEnvironment = Readonly<Record<string, string | undefined>>;

const defaultHost = process.platform === 'win32' ? 'npipe:////./pipe/docker_engine' : 'unix:///var/run/docker.sock';
const tlsPort = 2376;
const plainPort = 2375;

const configSchema = v.object({ currentContext: v.optional(v.string()) });
const contextSchema = v.object({
  Endpoints: v.object({ docker: v.object({ Host: v.optional(v.string()), SkipTLSVerify: v.optional(v.boolean()) }) }),
});

/**
 * Finds the daemon that `docker` would speak to: `DOCKER_HOST` (with `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH`), else the context of `DOCKER_CONTEXT` or of `docker context use`,
 * else the socket of this machine.
 * @throws RegistryError `input-missing`, `input-invalid`, `usage-invalid`
 */
export async function findDockerHost(env: DockerEnvironment): Promise<DockerHost> {
  const folder = env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker');
  const host = env['DOCKER_HOST'];
  if (host) return parseDockerHost(host, await readEnvironmentTls(env, folder));
  const context = env['DOCKER_CONTEXT'] || (await readJson(join(folder, 'config.json'), configSchema))?.currentContext;
  if (!context || context === 'default') return parseDockerHost(defaultHost);
  return readContext(context, folder);
}

/**
 * Reads `unix://`, `npipe://`, `tcp://` and `ssh://`, as `DOCKER_HOST` has them.
 * @throws RegistryError `usage-invalid`
 */
export function parseDockerHost(text: string, tls?: DockerTls): DockerHost {
  const [, scheme, rest = ''] = /^(unix|npipe|tcp|ssh):\/\/(.+)$/.exec(text) ?? [];
  if (scheme === 'unix') return { kind: 'socket', path: rest, location: text };
  if (scheme === 'npipe') return { kind: 'socket', path: rest.replaceAll('/', '\\'), location: text };
  const url = scheme === undefined ? undefined : URL.parse(`http://${rest}`);
  if (!url || url.password !== '' || url.search !== '') {
    throw new RegistryError('usage-invalid', 'Cannot read the address of the Docker daemon: wanted unix://, tcp:// or ssh://', {
      hint: 'Look at DOCKER_HOST, or at "docker context ls".',
    });
  }
  if (scheme === 'ssh') return { kind: 'ssh', words: sshWords(url), location: text };
  // An address of version 6 stands in brackets in a URL, and in none elsewhere.
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  return { kind: 'tcp', hostname, port: Number(url.port) || (tls ? tlsPort : plainPort), tls, location: text };
}

/** What `docker` runs to reach a daemon over SSH. */
function sshWords({ hostname, port, username }: URL): readonly string[] {
  const user = username === '' ? [] : ['-l', decodeURIComponent(username)];
  const at = port === '' ? [] : ['-p', port];
  return ['-T', '-o', 'ConnectTimeout=30', ...user, ...at, '--', hostname, 'docker', 'system', 'dial-stdio'];
}

async function readEnvironmentTls(env: DockerEnvironment, folder: string): Promise<DockerTls | undefined> {
  const isVerified = Boolean(env['DOCKER_TLS_VERIFY']);
  return isVerified || env['DOCKER_TLS'] ? readTls(env['DOCKER_CERT_PATH'] || folder, isVerified) : undefined;
}

async function readContext(name: string, folder: string): Promise<DockerHost> {
  const id = digestHex('sha256', new TextEncoder().encode(name));
  const found = await readJson(join(folder, 'contexts', 'meta', id, 'meta.json'), contextSchema);
  if (!found) {
    throw new RegistryError('input-missing', `Cannot use the Docker context ${JSON.stringify(name)}: there is no such context`, {
      hint: '"docker context ls" lists them.',
    });
  }
  const { Host = defaultHost, SkipTLSVerify = false } = found.Endpoints.docker;
  const tls = await readTls(join(folder, 'contexts', 'tls', id, 'docker'), !SkipTLSVerify);
  return parseDockerHost(Host, tls.ca || tls.cert || SkipTLSVerify ? tls : undefined);
}

async function readTls(folder: string, isVerified: boolean): Promise<DockerTls> {
  const [ca, cert, key] = await Promise.all(['ca.pem', 'cert.pem', 'key.pem'].map((name) => readText(join(folder, name))));
  return { ca, cert, key, isVerified };
}

async function readJson<T>(path: string, schema: v.GenericSchema<unknown, T>): Promise<T | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    return v.parse(schema, JSON.parse(text));
  } catch (error) {
    throw new RegistryError('input-invalid', `Cannot read "${path}": it is not what Docker writes there`, { cause: error });
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw new RegistryError('input-invalid', `Cannot read "${path}"`, { cause: error });
  }
}
