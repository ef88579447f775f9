import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { RegistryError } from '../errors/registry-error.ts';
import type { CredentialsLookup, RegistryCredentials } from './credentials.ts';

/** Docker's name for Docker Hub's login, from the days of its first index. */
const dockerHubKey = 'https://index.docker.io/v1/';
const helperTimeoutMs = 20_000;
const maxHelperOutputBytes = 64 * 1024;

const configSchema = v.object({
  auths: v.optional(v.record(v.string(), v.object({ auth: v.optional(v.string()), identitytoken: v.optional(v.string()) })), {}),
  credHelpers: v.optional(v.record(v.string(), v.string()), {}),
  credsStore: v.optional(v.string()),
});
type DockerConfig = v.InferOutput<typeof configSchema>;

const helperAnswerSchema = v.object({ Username: v.string(), Secret: v.string() });

/**
 * Logins from Docker's `config.json` (in `$DOCKER_CONFIG`, else `~/.docker`): `credHelpers` of the host first, then `credsStore`, then `auths`, as Docker does.
 * Read once, when the first login is looked for; a file that is not there holds none.
 * @throws RegistryError `input-invalid` for a file that is not such a configuration
 */
export function createDockerConfigLookup(env: NodeJS.ProcessEnv = process.env): CredentialsLookup {
  let config: Promise<DockerConfig> | undefined;
  return async (host, signal) => {
    config ??= readConfig(join(env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'config.json'));
    const { auths, credHelpers, credsStore } = await config;
    const keys = keysOf(host);
    const helper = keys.map((key) => credHelpers[key]).find((name) => name !== undefined) ?? credsStore;
    const fromHelper = helper === undefined ? undefined : await askHelper(helper, keys[0] ?? host, signal);
    if (fromHelper) return fromHelper;
    const entry = Object.entries(auths).find(([key]) => keys.includes(key) || keys.includes(hostOf(key)))?.[1];
    return entry && readEntry(entry, host);
  };
}

/** The keys under which a host's login may stand, the usual one first. */
function keysOf(host: string): readonly string[] {
  return host === 'docker.io' || host.endsWith('.docker.io')
    ? [dockerHubKey, 'index.docker.io', 'docker.io', 'registry-1.docker.io']
    : [host];
}

/** Old clients wrote URLs as keys. */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}

async function readConfig(path: string): Promise<DockerConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { auths: {}, credHelpers: {}, credsStore: undefined };
    throw new RegistryError('input-invalid', `Cannot read Docker's configuration "${path}"`, { cause: error });
  }
  try {
    return v.parse(configSchema, JSON.parse(text));
  } catch {
    // The cause would quote the file, and with it a password.
    throw new RegistryError('input-invalid', `Cannot read Docker's configuration "${path}": it is not the JSON that "docker login" writes`);
  }
}

function readEntry(
  entry: { readonly auth?: string | undefined; readonly identitytoken?: string | undefined },
  host: string,
): RegistryCredentials | undefined {
  if (entry.identitytoken !== undefined && entry.identitytoken !== '') return { kind: 'refresh-token', refreshToken: entry.identitytoken };
  if (entry.auth === undefined || entry.auth === '') return undefined;
  const text = Buffer.from(entry.auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0)
    throw new RegistryError(
      'input-invalid',
      `Cannot read the login of "${host}" in Docker's configuration: wanted base64 of "name:password"`,
    );
  return { kind: 'password', username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
}

/** Runs `docker-credential-NAME get`, which takes the key on standard input and answers in JSON; "not found" is no error. */
async function askHelper(name: string, key: string, signal: AbortSignal | undefined): Promise<RegistryCredentials | undefined> {
  if (!/^[A-Za-z0-9_.-]+$/.test(name))
    throw new RegistryError('input-invalid', `Cannot run the credential helper ${JSON.stringify(name)}: not a name`);
  const program = `docker-credential-${name}`;
  const answer = await new Promise<string | undefined>((resolve, reject) => {
    const options = { timeout: helperTimeoutMs, maxBuffer: maxHelperOutputBytes, ...(signal && { signal }) };
    const child = execFile(program, ['get'], options, (error, stdout) => {
      if (!error) resolve(stdout);
      else if (/credentials not found/i.test(stdout)) resolve(undefined);
      else
        reject(
          new RegistryError(
            'unauthorized',
            `Cannot get the login of "${key}" from "${program}": ${error.killed ? 'no answer in time' : `it failed (${error.code ?? 'no code'})`}`,
          ),
        );
    });
    child.stdin?.on('error', () => undefined); // A helper that ends without reading has said so by its exit code.
    child.stdin?.end(key);
  });
  if (answer === undefined) return undefined;
  let parsed: v.InferOutput<typeof helperAnswerSchema>;
  try {
    parsed = v.parse(helperAnswerSchema, JSON.parse(answer));
  } catch {
    throw new RegistryError(
      'unauthorized',
      `Cannot use the login of "${key}" from "${program}": its answer is not the JSON of a credential helper`,
    );
  }
  return parsed.Username === '<token>'
    ? { kind: 'refresh-token', refreshToken: parsed.Secret }
    : { kind: 'password', username: parsed.Username, password: parsed.Secret };
}
