import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

type Open = Agent['createConnection'];
type OpenOptions = Parameters<Open>[0];

/** Connections of an agent that are opened before there are requests for them. */
export interface PreparedSockets {
  /** Opens as many that at least `count` rest; only to where the agent has had a connection already, since that says how. */
  prepare(url: URL, count: number): void;
  /** Closes those that nobody has taken. */
  close(): void;
}

/**
 * Lets an agent take connections that were opened ahead, where it would open one. While they rest they keep no process alive, and after `restMs` they are closed. One that fails is nobody's
 * failure: the request that would have taken it opens its own.
 */
export function prepareSockets(agent: Agent, restMs: number): PreparedSockets {
  const open: Open = agent.createConnection.bind(agent);
  const known = new Map<string, OpenOptions>();
  const resting = new Map<string, Set<Socket>>();
  const ends = new WeakMap<Socket, () => void>();

  const leave = (socket: Socket): void => {
    for (const sockets of resting.values()) sockets.delete(socket);
  };
  const giveUp = (socket: Socket): void => {
    leave(socket);
    socket.destroy();
  };
  const put = (name: string, socket: Socket): void => {
    const onEnd = (): void => giveUp(socket);
    for (const event of endings) socket.once(event, onEnd);
    ends.set(socket, onEnd);
    socket.setTimeout(restMs);
    socket.unref();
    resting.set(name, (resting.get(name) ?? new Set()).add(socket));
  };
  const take = (name: string, timeoutMs: number): Socket | undefined => {
    // Servers that lose patience say so (408): it would pass for the answer to the request
    const socket = [...(resting.get(name) ?? [])].find(({ readableLength }) => readableLength === 0);
    if (!socket) return undefined;
    leave(socket);
    for (const event of endings) socket.off(event, ends.get(socket) ?? leave);
    socket.setTimeout(timeoutMs);
    return socket.ref();
  };

  agent.createConnection = (options, onCreated): Duplex | null | undefined => {
    const name = nameOf(options.host ?? '', options.port);
    known.set(name, options);
    return take(name, options.timeout ?? 0) ?? open(options, onCreated);
  };
  return {
    prepare({ hostname, port, protocol }, count) {
      const name = nameOf(hostname.replace(/^\[|\]$/g, ''), port || (protocol === 'https:' ? 443 : 80));
      const options = known.get(name);
      const free = Object.entries(agent.freeSockets).filter(([key]) => key.startsWith(`${name}:`));
      const there = free.reduce((sum, [, sockets]) => sum + (sockets?.length ?? 0), resting.get(name)?.size ?? 0);
      for (let missing = options ? count - there : 0; missing > 0; missing -= 1) {
        const socket = options && open(options);
        if (socket) put(name, socket as Socket);
      }
    },
    close() {
      for (const sockets of resting.values()) for (const socket of sockets) giveUp(socket);
    },
  };
}

/** What ends a connection that rests. */
const endings = ['error', 'end', 'close', 'timeout'] as const;

/** How an agent's own names begin, too. */
function nameOf(host: string, port: string | number | null | undefined): string {
  return `${host}:${port ?? ''}`;
}
