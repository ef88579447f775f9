/** Docker's name for Docker Hub's login, from the days of its first index. */
const dockerHubKey = 'https://index.docker.io/v1/';
const dockerHubHosts: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/** The key under which Docker keeps the login of a host. */
export function credentialKeyOf(host: string): string {
  return dockerHubHosts.has(host) ? dockerHubKey : host;
}

/**
 * The keys under which a login may stand, the narrowest first: podman and its kin keep logins for a part of a host, `quay.io/team`, too. Docker Hub has several names.
 */
export function credentialKeysOf(host: string, repository: string | undefined): readonly string[] {
  const isDockerHub = dockerHubHosts.has(host);
  const parts = repository?.split('/') ?? [];
  const narrow = parts.map((_, index) => [isDockerHub ? 'docker.io' : host, ...parts.slice(0, parts.length - index)].join('/'));
  return [...narrow, ...(isDockerHub ? [dockerHubKey, ...dockerHubHosts] : [host])];
}

/** A key without what old clients wrote around a host: a scheme and a path, or the version of the API. */
export function plainCredentialKey(key: string): string {
  const bare = key.replace(/^https?:\/\//, '');
  return bare === key ? key.replace(/(?:\/v[12])?\/?$/, '') : bare.replace(/\/.*$/, '');
}
