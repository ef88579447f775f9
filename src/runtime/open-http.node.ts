import { readPem } from '../http/authorities.node.ts';
import type { HttpClient } from '../http/http-client.ts';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import { withHostClients } from '../http/with-host-clients.ts';
import { withRequestTrace } from '../http/with-request-trace.ts';
import { answeringHost } from '../remote/registry-origin.ts';
import { readTrusted } from './read-trusted.node.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What is special about a host. Paths of PEM files. */
export interface HostTrust {
  readonly host: string;
  readonly authorities: readonly string[];
  readonly clients: readonly { readonly cert: string; readonly key: string }[];
  /** `false`: any certificate will do. */
  readonly verifies: boolean;
}

/**
 * Opens connections with the environment's proxies and authorities, and what is special about some hosts.
 * @throws RegistryError `input-missing`, `input-invalid` for files of certificates
 */
export async function openHttp(environment: Environment, hosts: readonly HostTrust[]): Promise<HttpClient> {
  const usual = createNodeHttpClient({ env: environment, ca: await readTrusted(environment) });
  const special = hosts.filter(({ authorities, clients, verifies }) => authorities.length > 0 || clients.length > 0 || !verifies);
  const byHost = await Promise.all(special.map(async (trust) => [urlHost(trust.host), await openTrusting(environment, trust)] as const));
  return withRequestTrace(withHostClients(usual, new Map(byHost)));
}

async function openTrusting(environment: Environment, { authorities, clients, verifies }: HostTrust): Promise<HttpClient> {
  const certificates = clients.map(async ({ cert, key }) => ({ cert: await readPem(cert), key: await readPem(key) }));
  return createNodeHttpClient({
    env: environment,
    ca: await readTrusted(environment, authorities),
    certificates: await Promise.all(certificates),
    verifies,
  });
}

/** Who answers for a host, as `URL.host` has it: without the port that is the usual one. */
function urlHost(host: string): string {
  return URL.parse(`https://${answeringHost(host)}`)?.host ?? host;
}
