import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import process from 'node:process';
import { type PreparedSockets, prepareSockets } from './prepared-sockets.node.ts';
import { findProxy } from './proxy-settings.node.ts';
import { type TlsTrust, toTlsOptions } from './tls-trust.ts';

export interface NodeAgentsOptions {
  readonly agent: AgentOptions;
  readonly tls: TlsTrust;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** The connections that a URL goes over. */
export interface ChosenAgent {
  readonly agent: HttpAgent;
  /** Whether they go through a tunnel that a proxy makes; see `throughTunnel`. */
  readonly isTunnel: boolean;
}

/** The connections of one client: those that go straight, and those through each proxy. */
export interface NodeAgents {
  /** @throws RegistryError `usage-invalid`, see `findProxy` */
  choose(url: URL): ChosenAgent;
  /** Opens connections ahead (see `prepareSockets`); none where a proxy stands between. */
  prepare(url: URL, count: number): void;
  /** Closes those that rest, and keeps no more. */
  close(): void;
}

export function createNodeAgents({ agent: options, tls, env = process.env }: NodeAgentsOptions): NodeAgents {
  const tlsOptions = toTlsOptions(tls);
  const agents = new Map<string, HttpAgent>();
  const prepared = new Map<HttpAgent, PreparedSockets>();
  const open = (isTls: boolean, proxy: URL | undefined): HttpAgent => {
    // Node opens the tunnel and keeps the proxy's password; whom it is for was decided here
    const proxyEnv = proxy ? { HTTP_PROXY: proxy.href, HTTPS_PROXY: proxy.href } : {};
    const agent = isTls ? new HttpsAgent({ ...options, ...tlsOptions, proxyEnv }) : new HttpAgent({ ...options, proxyEnv });
    if (!proxy) prepared.set(agent, prepareSockets(agent, options.timeout ?? 0));
    return agent;
  };
  const nodeAgents: NodeAgents = {
    choose(url) {
      const proxy = findProxy(url, env);
      const isTls = url.protocol === 'https:';
      const key = `${isTls ? 'tls' : 'plain'} ${proxy?.href ?? ''}`;
      const agent = agents.get(key) ?? open(isTls, proxy);
      agents.set(key, agent);
      return { agent, isTunnel: isTls && proxy !== undefined };
    },
    prepare: (url, count) => prepared.get(nodeAgents.choose(url).agent)?.prepare(url, count),
    close() {
      for (const sockets of prepared.values()) sockets.close();
      for (const agent of agents.values()) {
        agent.maxFreeSockets = 0;
        for (const sockets of Object.values(agent.freeSockets)) {
          for (const socket of sockets ?? []) socket.destroy();
        }
      }
    },
  };
  return nodeAgents;
}
