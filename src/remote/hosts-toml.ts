import { parse } from 'smol-toml';
import * as v from 'valibot';
import { RegistryError } from '../errors/registry-error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { PullEndpoint, PullEndpoints } from './pull-endpoint.ts';
import { answeringHost } from './registry-origin.ts';

/*
 * What containerd, and what builds on it, is told of one registry (`certs.d/HOST/hosts.toml`): hosts are asked in the order of the file if they may `pull`, for tags if they may
 * `resolve`, and what none of them has comes from `server`, else from the registry itself.
 */

const paths = v.optional(v.union([v.string(), v.array(v.string())]), []);
const clients = v.optional(v.union([v.string(), v.array(v.union([v.string(), v.array(v.string())]))]), []);
const hostEntries = {
  capabilities: v.optional(v.array(v.string()), ['pull', 'resolve', 'push']),
  ca: paths,
  client: clients,
  skip_verify: v.optional(v.boolean(), false),
  override_path: v.optional(v.boolean(), false),
  header: v.optional(v.record(v.string(), v.union([v.string(), v.array(v.string())])), {}),
};

type Texts = string | readonly string[];

interface HostSettings {
  readonly capabilities: readonly string[];
  readonly ca: Texts;
  readonly client: string | readonly Texts[];
  readonly skip_verify: boolean;
  readonly override_path: boolean;
  readonly header: Readonly<Record<string, Texts>>;
}

interface HostsFile extends HostSettings {
  readonly server: string;
  readonly host: Readonly<Record<string, HostSettings>>;
}

const fileSchema: v.GenericSchema<unknown, HostsFile> = v.object({
  ...hostEntries,
  server: v.optional(v.string(), ''),
  host: v.optional(v.record(v.string(), v.object(hostEntries)), {}),
});

/** A `hosts.toml` and what its words are relative to. */
export interface HostsToml {
  readonly text: string;
  readonly path: string;
  /** The path of a file that it names, which may be relative to its folder. */
  readonly resolve: (relative: string) => string;
}

/** Where a repository of a registry is pulled from by its file. @throws RegistryError `input-invalid` */
export function parseHostsToml(file: HostsToml, host: string, repository: RepositoryName): PullEndpoints {
  const settings = readFile(file);
  const open = (url: string, one: HostSettings): PullEndpoint => readHost(file, { url, settings: one, host, repository });
  const mirrors = Object.entries(settings.host)
    .filter(([, { capabilities }]) => capabilities.includes('pull'))
    .map(([url, one]) => open(url, one));
  const server = settings.server === '' ? host : settings.server;
  return { mirrors, registry: { ...open(server, settings), serves: 'all' } };
}

function readFile({ text, path }: HostsToml): HostsFile {
  try {
    return v.parse(fileSchema, parse(text));
  } catch (error) {
    throw new RegistryError('input-invalid', `Cannot read the mirrors in "${path}": it is not a hosts.toml as containerd has it`, {
      cause: error,
    });
  }
}

interface HostToRead {
  readonly url: string;
  readonly settings: HostSettings;
  readonly host: string;
  readonly repository: RepositoryName;
}

function readHost({ path, resolve }: HostsToml, { url: text, settings, host, repository }: HostToRead): PullEndpoint {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '')
    throw new RegistryError(
      'input-invalid',
      `Cannot use the host ${JSON.stringify(text.slice(0, 200))} of "${path}": wanted https://HOST[:PORT][/PATH]`,
    );
  const headers = Object.entries(settings.header).map(([name, value]) => [
    name.toLowerCase(),
    typeof value === 'string' ? value : value.join(', '),
  ]);
  const isElsewhere = url.host !== host && url.host !== answeringHost(host);
  return {
    host: url.host,
    repository,
    // An address of this machine without a scheme: whether it has TLS is found out
    scheme: text === host ? undefined : url.protocol === 'https:' ? 'https' : 'http',
    route: {
      basePath: readBasePath(url, settings),
      // Who stands in for many registries wants to know for which
      ...(isElsewhere && { query: { ns: host } }),
      headers: Object.fromEntries(headers) as Record<string, string>,
    },
    verifies: !settings.skip_verify,
    authorities: toList(settings.ca).map(resolve),
    clients: toClients(settings.client).map(({ cert, key }) => ({ cert: resolve(cert), key: resolve(key) })),
    serves: settings.capabilities.includes('resolve') ? 'all' : 'digests',
  };
}

function readBasePath(url: URL, { override_path: isWhole }: HostSettings): string {
  const path = url.pathname.replace(/\/+$/, '');
  return isWhole || path.endsWith('/v2') ? path : `${path}/v2`;
}

function toList(texts: Texts): readonly string[] {
  return typeof texts === 'string' ? [texts] : texts;
}

/** One file with both, several of these, or pairs of a certificate and its key. */
function toClients(client: HostSettings['client']): readonly { readonly cert: string; readonly key: string }[] {
  const entries = typeof client === 'string' ? [client] : client;
  return entries.map((entry) => {
    const [cert = '', key = cert] = toList(entry);
    return { cert, key: key === '' ? cert : key };
  });
}
