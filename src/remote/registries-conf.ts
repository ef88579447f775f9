import { parse } from 'smol-toml';
import * as v from 'valibot';
import { RegistryError } from '../errors/registry-error.ts';
import { isHost } from '../oci/reference.ts';
import { parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts';
import type { PullEndpoint, PullEndpoints } from './pull-endpoint.ts';

/*
 * What podman, skopeo and buildah are told of registries (containers-registries.conf(5), version 2): of all `[[registry]]` the one with the longest `prefix` of `HOST/NAME` decides.
 * Its `location` takes the place of the prefix, and its mirrors are asked before it.
 */

const mirrorSchema = v.object({
  location: v.string(),
  insecure: v.optional(v.boolean(), false),
  'pull-from-mirror': v.optional(v.picklist(['all', 'digest-only', 'tag-only', '']), 'all'),
});
const registrySchema = v.object({
  prefix: v.optional(v.string(), ''),
  location: v.optional(v.string(), ''),
  insecure: v.optional(v.boolean(), false),
  blocked: v.optional(v.boolean(), false),
  'mirror-by-digest-only': v.optional(v.boolean(), false),
  mirror: v.optional(v.array(mirrorSchema), []),
});
const fileSchema: v.GenericSchema<unknown, { registry: ConfiguredRegistry[] }> = v.object({
  registry: v.optional(v.array(registrySchema), []),
});

/** A mirror as the file has it. */
interface ConfiguredMirror {
  readonly location: string;
  readonly insecure: boolean;
  readonly 'pull-from-mirror': 'all' | 'digest-only' | 'tag-only' | '';
}

/** One `[[registry]]`. */
export interface ConfiguredRegistry {
  /** `HOST[/NAME…]` or `*.DOMAIN`; if empty, the location is meant. */
  readonly prefix: string;
  readonly location: string;
  readonly insecure: boolean;
  readonly blocked: boolean;
  readonly 'mirror-by-digest-only': boolean;
  readonly mirror: readonly ConfiguredMirror[];
}

/** @throws RegistryError `input-invalid` */
export function parseRegistriesConf(text: string, path: string): readonly ConfiguredRegistry[] {
  try {
    return v.parse(fileSchema, parse(text)).registry;
  } catch (error) {
    throw new RegistryError(
      'input-invalid',
      `Cannot read the registries in "${path}": it is not what containers-registries.conf(5) describes`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Where a repository is pulled from by such files; undefined: they say nothing of it.
 * @throws RegistryError `registry-blocked`; `input-invalid` for a location that is none
 */
export function findConfiguredEndpoints(
  registries: readonly ConfiguredRegistry[],
  host: string,
  repository: RepositoryName,
): PullEndpoints | undefined {
  const image = `${host}/${repository}`;
  const matches = registries.flatMap((registry) => {
    const prefix = registry.prefix || registry.location;
    const length = matchPrefix(prefix, image, host);
    return length === undefined ? [] : [{ registry, length, rank: prefix.length }];
  });
  const [best] = matches.toSorted((one, other) => other.rank - one.rank);
  if (best === undefined) return undefined;
  const { registry, length } = best;
  if (registry.blocked) {
    throw new RegistryError(
      'registry-blocked',
      `Cannot pull from "${image}": the machine's registries.conf blocks "${registry.prefix || registry.location}"`,
      {
        hint: 'Who looks after this machine has decided so, in registries.conf of podman and its kin.',
      },
    );
  }
  const rest = image.slice(length);
  const endpoint = (location: string, insecure: boolean, serves: PullEndpoint['serves']): PullEndpoint => ({
    ...splitLocation(`${location}${rest}`),
    scheme: insecure ? 'either' : undefined,
    verifies: !insecure,
    authorities: [],
    clients: [],
    serves,
  });
  return {
    mirrors: registry.mirror.map((mirror) => endpoint(mirror.location, mirror.insecure, servesOf(mirror, registry))),
    registry: endpoint(registry.location || image.slice(0, length), registry.insecure, 'all'),
  };
}

function servesOf(mirror: ConfiguredMirror, registry: ConfiguredRegistry): PullEndpoint['serves'] {
  if (registry['mirror-by-digest-only'] || mirror['pull-from-mirror'] === 'digest-only') return 'digests';
  return mirror['pull-from-mirror'] === 'tag-only' ? 'tags' : 'all';
}

/** How much of an image's name a prefix stands for; undefined: it is no prefix of it. */
function matchPrefix(prefix: string, image: string, host: string): number | undefined {
  if (prefix.startsWith('*.')) return host.endsWith(prefix.slice(1)) ? host.length : undefined;
  return prefix !== '' && (image === prefix || image.startsWith(`${prefix}/`)) ? prefix.length : undefined;
}

function splitLocation(location: string): { readonly host: string; readonly repository: RepositoryName } {
  const slash = location.indexOf('/');
  const host = location.slice(0, Math.max(slash, 0)).toLowerCase();
  if (!isHost(host)) {
    throw new RegistryError(
      'input-invalid',
      `Cannot pull from the location "${location.slice(0, 200)}" of registries.conf: wanted HOST[:PORT]/NAME`,
    );
  }
  return { host, repository: parseRepositoryName(location.slice(slash + 1)) };
}
