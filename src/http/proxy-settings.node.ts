import { BlockList, isIP } from 'node:net';
import { RegistryError } from '../errors/registry-error.ts';
import { redactUrl } from './redact.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL, by the environment as the tools of Docker and its like read it: `https_proxy` or `http_proxy` by the URL's scheme, else `all_proxy`, none for those
 * whom `no_proxy` names; small letters go before capitals. Nothing that stays on this machine goes to a proxy.
 * @throws RegistryError `usage-invalid` for a proxy that would be used, and is not one of HTTP
 */
export function findProxy(url: URL, env: Variables): URL | undefined {
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  // A server hands a request's `Proxy` header to its scripts under this name
  const isForged = scheme === 'http' && read(env, 'request_method') !== undefined;
  const variable = [`${scheme}_proxy`, 'all_proxy'].find((name) => read(env, name) !== undefined);
  if (variable === undefined || isForged || isExempt(url, env)) return undefined;
  const text = read(env, variable) ?? '';
  const proxy = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (proxy?.protocol === 'http:' || proxy?.protocol === 'https:') return proxy;
  throw new RegistryError(
    'usage-invalid',
    `Cannot use the proxy "${redactUrl(text)}" of ${variable.toUpperCase()}: wanted http://HOST:PORT`,
    {
      hint: 'Only proxies that speak HTTP can be used. NO_PROXY names hosts that need none.',
    },
  );
}

function read(env: Variables, name: string): string | undefined {
  return env[name]?.trim() || env[name.toUpperCase()]?.trim() || undefined;
}

function isExempt(url: URL, env: Variables): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (host === 'localhost' || host.endsWith('.localhost') || isInNetwork(host, '127.0.0.0/8') || host === '::1') return true;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return (read(env, 'no_proxy') ?? '').split(/[\s,]+/).some((entry) => entry !== '' && matches(entry.toLowerCase(), host, port));
}

/** An entry is `*`, a host with all below it, `.domain` for those below only, an address, or a network; the first two with a port, if wanted. */
function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInNetwork(host, entry);
  const [, name = entry, onlyPort = port] = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry) ?? [];
  if (onlyPort !== port) return false;
  const bare = name.replace(/^\[|\]$/g, '').replace(/^\*\./, '.');
  return bare.startsWith('.') ? host.endsWith(bare) : host === bare || (isIP(host) === 0 && host.endsWith(`.${bare}`));
}

function isInNetwork(host: string, network: string): boolean {
  const family = isIP(host);
  const [address = '', bits = ''] = network.split('/');
  if (family === 0 || isIP(address) !== family || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(address, Number(bits), type);
  return list.check(host, type);
}
