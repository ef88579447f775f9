import { RegistryError } from '../errors/registry-error.ts';
import { isHost } from '../oci/reference.ts';

/**
 * The host of a registry as a person names it: `ghcr.io`, `localhost:5000`, also copied from a browser, `https://ghcr.io/`.
 * @throws RegistryError `reference-invalid`
 */
export function parseRegistryHost(text: string): string {
  const host = text
    .replace(/^https:\/\//i, '')
    .replace(/\/$/, '')
    .toLowerCase();
  if (isHost(host)) return host;
  throw new RegistryError('reference-invalid', `Cannot use ${JSON.stringify(text)} as a registry: wanted HOST or HOST:PORT`, {
    hint: 'Docker Hub is docker.io. A registry without TLS is named by its host, too, with --insecure.',
  });
}
