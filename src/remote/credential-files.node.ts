import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { RegistryError } from '../errors/registry-error.ts';
import { type CredentialFile, findCredentials, findHelper, parseCredentialFile } from './credential-file.ts';
import { openCredentialHelper } from './credential-helper.node.ts';
import { credentialKeyOf, credentialKeysOf } from './credential-keys.ts';
import type { CredentialsLookup, RegistryCredentials } from './credentials.ts';

/** Environment variables by name. */
export type CredentialEnvironment = Readonly<Record<string, string | undefined>>;

export interface LookupOptions {
  /** See `HelperOptions`. */
  readonly helperTimeoutMs?: number | undefined;
}

/**
 * Where logins are kept, in the order in which they are looked for: the file that the user names, Docker's, those of podman and its kin. The first that has a login for a host
 * decides. New logins go into the first.
 */
export function credentialFilePaths(env: CredentialEnvironment): readonly [string, ...string[]] {
  const home = env['HOME'] || homedir();
  const docker = join(env['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json');
  const runtime = env['XDG_RUNTIME_DIR'];
  const containers = [
    runtime ? join(runtime, 'containers', 'auth.json') : `/run/containers/${process.getuid?.() ?? 0}/auth.json`,
    join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'containers', 'auth.json'),
  ];
  const named = env['REGISTRY_AUTH_FILE'];
  return named ? [named, docker, ...containers] : [docker, ...containers];
}

/** The text of a file of logins; undefined where there is none. @throws RegistryError `input-invalid` */
export async function readCredentialText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw new RegistryError('input-invalid', `Cannot read the logins in "${path}"`, { cause: error });
  }
}

interface NamedFile {
  readonly path: string;
  readonly file: CredentialFile;
}

/**
 * Logins of Docker and of podman and its kin: of each file the helper of the host, then the helper for all, then the file itself. The files are read once, when the first
 * login is looked for.
 * @throws RegistryError `input-invalid` for a file that is no such file; `credential-helper-failed`
 */
export function createCredentialsLookup(env: CredentialEnvironment, { helperTimeoutMs }: LookupOptions = {}): CredentialsLookup {
  let reading: Promise<readonly NamedFile[]> | undefined;
  return async (host, { repository, signal } = {}) => {
    reading ??= readFiles(env);
    const keys = credentialKeysOf(host, repository);
    const ask = async ({ path, file }: NamedFile): Promise<RegistryCredentials | undefined> => {
      const question = findHelper(file, keys, credentialKeyOf(host));
      const kept = question && (await openCredentialHelper(question.helper).get(question.key, { env, timeoutMs: helperTimeoutMs, signal }));
      return kept ?? findCredentials(file, keys, path);
    };
    for (const file of await reading) {
      const credentials = await ask(file);
      if (credentials) return credentials;
    }
    return undefined;
  };
}

async function readFiles(env: CredentialEnvironment): Promise<readonly NamedFile[]> {
  const files: NamedFile[] = [];
  for (const path of credentialFilePaths(env)) {
    const text = await readCredentialText(path);
    if (text !== undefined && text.trim() !== '') files.push({ path, file: parseCredentialFile(text, path) });
  }
  return files;
}
