import type { MirrorJob } from '../mirror/mirror-job.ts';
import type { MirrorSource } from '../mirror/mirror-source.ts';
import type { Quotas } from '../mirror/quotas.ts';
import { isFallbackTag } from '../oci/fallback-tag.ts';
import { formatRegistryReference } from '../oci/reference.ts';
import { createRegistrySource } from '../transports/registry.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { openRemote } from './open-remote.node.ts';

/** Opens a repository of a registry to be mirrored, over the mirrors that the machine's configuration names. Nothing is asked yet. */
export function openMirrorSource(
  { host, repository: name }: Pick<MirrorJob, 'host' | 'repository'>,
  options: ConnectionOptions,
  quotas: Quotas,
): MirrorSource {
  const onRateLimit: ConnectionOptions['onRateLimit'] = ({ remaining }) => quotas.heard(host, remaining);
  const remote = openRemote({ kind: 'registry', host }, name, options.environment, { ...options, onRateLimit });
  const { repository } = remote;
  let fallbackTags: ReadonlySet<string> | undefined;
  return {
    location: formatRegistryReference({ host, repository: name }),
    async *listTags(request) {
      const found = new Set<string>();
      for await (const tag of repository.listTags(request)) {
        if (isFallbackTag(tag)) found.add(tag);
        yield tag;
      }
      fallbackTags = found;
    },
    digestOf: (tag, request) => repository.digestOf(tag, request),
    openImage: (tag, digest) =>
      createRegistrySource({
        repository,
        reference: digest ?? tag,
        fallbackTags,
        location: `docker://${formatRegistryReference({ host, repository: name, tag })}`,
      }),
    close: () => remote.close(),
  };
}
