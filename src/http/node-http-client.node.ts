import { type AgentOptions, type ClientRequest, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { RegistryError, throwIfAborted } from '../errors/registry-error.ts';
import type { HttpClient, HttpRequest, HttpResponse } from './http-client.ts';
import { createNodeAgents } from './node-agents.node.ts';
import { exchange } from './node-exchange.node.ts';
import { throughTunnel } from './proxy-tunnel.node.ts';
import { createRotatingLookup } from './rotating-lookup.node.ts';
import type { TlsTrust } from './tls-trust.ts';

export interface NodeHttpClientOptions extends TlsTrust {
  /** Connections to one origin at most; no bound if left out, since who sends bounds what it sends at once. */
  readonly maxSockets?: number | undefined;
  /** Longest time without a byte moving either way; 60,000 if left out. */
  readonly idleTimeoutMs?: number | undefined;
  /** Longest time until connected, TLS included; 10,000 if left out. */
  readonly connectTimeoutMs?: number | undefined;
  /** Where `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in capitals or not, are looked up: `process.env` if left out, `{}` for no proxy. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Resolves names; if left out, the system's resolver, each connection beginning with another address (see `createRotatingLookup`). */
  readonly lookup?: LookupFunction | undefined;
}

/**
 * Servers close connections that rest, without a word; a request sent at that moment fails, and nobody can say whether it was acted on. S3 closes them after some seconds, so
 * they are given up before. What remains of these failures is for those who retry: this adapter sends each request once.
 */
const maxRestMs = 4_000;

/** The port on Node's own `http` and `https`: HTTP/1.1, one request a connection at a time, connections kept and used again, no `Expect`. */
export function createNodeHttpClient(options: NodeHttpClientOptions = {}): HttpClient {
  const { idleTimeoutMs = 60_000, connectTimeoutMs = 10_000, lookup = createRotatingLookup(), env } = options;
  const agentOptions: AgentOptions = {
    keepAlive: true,
    maxSockets: options.maxSockets ?? Infinity,
    maxFreeSockets: 256,
    scheduling: 'lifo',
    timeout: maxRestMs,
    lookup,
  };
  const agents = createNodeAgents({ agent: agentOptions, tls: options, env });

  return {
    async send(request: HttpRequest): Promise<HttpResponse> {
      throwIfAborted(request.signal);
      const isTls = request.url.protocol === 'https:';
      // Agents pass a request's own timeout on to the socket in place of their own, which is for resting sockets
      const longest = request.idleTimeoutMs ?? idleTimeoutMs;
      const timeout = Math.min(longest, request.stallTimeoutMs ?? longest);
      const { agent, isTunnel } = agents.choose(request.url);
      const open = isTls ? requestHttps : requestHttp;
      const outgoing = openRequest(request, () =>
        open(request.url, {
          method: request.method,
          headers: headersToSend(request),
          timeout: isTunnel ? Math.min(timeout, connectTimeoutMs) : timeout,
          agent,
        }),
      );
      const answered = exchange(outgoing, request, { idleTimeoutMs: longest, stallTimeoutMs: timeout, connectTimeoutMs });
      return isTunnel ? throughTunnel(outgoing, answered, { timeoutMs: timeout, signal: request.signal }) : answered;
    },
    prepare: (url, connections) => agents.prepare(url, connections),
    async close(): Promise<void> {
      agents.close();
    },
  };
}

/** Files of the user's (logins, mirrors) may hold headers that HTTP cannot carry. Their values, which may be secret, are not shown. */
function openRequest({ url }: HttpRequest, open: () => ClientRequest): ClientRequest {
  try {
    return open();
  } catch (error) {
    throw new RegistryError(
      'input-invalid',
      `Cannot send a request to ${url.origin}: a header of it has characters that HTTP does not know`,
      {
        cause: error,
        hint: 'Check the logins of this host, and the headers that hosts.toml has for it.',
      },
    );
  }
}

/** A PUT or POST without a body says so: stores answer 411 to those that do not. */
function headersToSend({ method, headers, body }: HttpRequest): Record<string, string> {
  const size = body?.size ?? (method === 'PUT' || method === 'POST' ? 0 : undefined);
  return { ...(size === undefined ? {} : { 'content-length': String(size) }), ...headers };
}
