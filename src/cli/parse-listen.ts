import { RegistryError } from '../errors/registry-error.ts';

/** An address to listen on. */
export interface ListenAddress {
  /** A name or an address; IPv6 without its brackets. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/**
 * Reads `HOST:PORT`, `[IPV6]:PORT`, or a port alone (of 127.0.0.1).
 * @throws RegistryError `usage-invalid`
 */
export function parseListen(text: string): ListenAddress {
  const match = /^(?:(?:\[(?<ipv6>[0-9a-fA-F:.]+)\]|(?<host>[^:[\]\s]+)):)?(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.['port']);
  if (match && port <= 65_535) return { host: match.groups?.['ipv6'] ?? match.groups?.['host'] ?? '127.0.0.1', port };
  throw new RegistryError('usage-invalid', `Cannot listen on ${JSON.stringify(text)}: wanted HOST:PORT, such as 127.0.0.1:5000`);
}

/** `HOST:PORT` as it stands in a URL. */
export function formatListen({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
