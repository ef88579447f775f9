import type { HttpClient } from './http-client.ts';

/**
 * Sends the requests to some hosts (as `URL.host` has them) through clients of their own: what is trusted, shown or not verified for a host is so for no other, also where that
 * host redirects to it. All are closed together.
 */
export function withHostClients(usual: HttpClient, byHost: ReadonlyMap<string, HttpClient>): HttpClient {
  return {
    send: (request) => (byHost.get(request.url.host) ?? usual).send(request),
    close: async () => void (await Promise.all([usual, ...byHost.values()].map((client) => client.close()))),
  };
}
