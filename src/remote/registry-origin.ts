import { hasCode } from '../errors/coded-error.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { isCertificateError } from '../http/connection-error.ts';
import { discardBody } from '../http/discard-body.ts';
import type { HttpClient } from '../http/http-client.ts';
import { isLoopbackHost } from '../http/host-kind.ts';

/** How a registry is spoken to. `either`: by TLS, and without it where none answers. */
export type RegistryScheme = 'https' | 'http' | 'either';

/** Docker Hub answers at another host than its name says. */
const hostAliases: ReadonlyMap<string, string> = new Map([
  ['docker.io', 'registry-1.docker.io'],
  ['index.docker.io', 'registry-1.docker.io'],
]);

/** The host that answers for a registry: for all but Docker Hub its own. */
export function answeringHost(host: string): string {
  return hostAliases.get(host) ?? host;
}

/**
 * The origin of a registry: HTTPS unless something else was asked for. To loopback both are tried when nothing was: local registries have no TLS, and nothing leaves the machine.
 * @throws RegistryError `reference-invalid` for what is no host; BucketError `connection-failed` where TLS is spoken, but not to us
 */
export async function findOrigin(
  host: string,
  scheme: RegistryScheme | undefined,
  http: HttpClient,
  signal: AbortSignal | undefined,
): Promise<URL> {
  const name = answeringHost(host);
  const secure = URL.parse(`https://${name}`);
  const plain = URL.parse(`http://${name}`);
  if (!secure || !plain || secure.username !== '' || secure.pathname !== '/' || secure.search !== '') {
    throw new RegistryError('reference-invalid', `Cannot use ${JSON.stringify(host)} as a registry's host: wanted HOST or HOST:PORT`);
  }
  const chosen = scheme ?? (isLoopbackHost(plain.hostname) ? 'either' : 'https');
  if (chosen !== 'either') return chosen === 'http' ? plain : secure;
  try {
    await discardBody(await http.send({ method: 'GET', url: new URL('/v2/', secure), signal }));
    return secure;
  } catch (error) {
    if (signal?.aborted || isCertificateError(error) || !hasCode(error, 'connection-failed', 'response-invalid', 'timed-out')) throw error;
    return plain;
  }
}
