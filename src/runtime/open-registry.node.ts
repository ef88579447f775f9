import type { HttpClient } from '../http/http-client.ts';
import { findHostCertificates } from '../remote/host-certificates.node.ts';
import { openHttp } from './open-http.node.ts';

/** Opens connections to a registry, with the certificates that the machine's configuration has for it. @throws RegistryError see `openHttp` */
export async function openRegistryHttp(
  host: string,
  { environment, insecure }: { readonly environment: NodeJS.ProcessEnv; readonly insecure: boolean },
): Promise<HttpClient> {
  const certificates = await findHostCertificates(environment, host);
  return openHttp(environment, [{ host, ...certificates, verifies: !insecure }]);
}
