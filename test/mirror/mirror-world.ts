import type { Bucket } from '../../src/bucket/bucket.ts';
import type { MirrorJob } from '../../src/mirror/mirror-job.ts';
import type { MirrorReport } from '../../src/mirror/mirror-report.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { createTransferEngine } from '../../src/parallel/transfer-engine.ts';
import { openRepository, type Repository } from '../../src/registry/repository.ts';
import { resolveBucket } from '../../src/runtime/resolve-place.node.ts';
import { runMirror, type RunMirrorOptions } from '../../src/runtime/run-mirror.node.ts';
import { systemClock } from '../../src/streams/clock.ts';
import { openTestBucket } from '../cli/open-test-bucket.ts';
import { createGraph, type Graph } from '../images/build-image.ts';
import { startS3Server, type S3TestServer } from '../s3-server/server.ts';
import { startTokenRegistry, type TokenRegistry, type TokenRegistryOptions } from '../token-registry/token-registry.ts';

/** A registry with one repository, `team/app`, an S3 store with the bucket `bucket`, and what mirrors from one to the other. */
export interface MirrorWorld {
  readonly registry: TokenRegistry;
  readonly store: S3TestServer;
  readonly bucket: Bucket;
  readonly graph: Graph;
  /** Shows all of the graph at the registry, and names images by tags. */
  offer(tags: Readonly<Record<string, Descriptor>>): void;
  /** Takes a tag away from the registry. */
  withdraw(tag: string): void;
  /** Mirrors `team/app` to the repository of that name, or as the jobs say. */
  run(jobs?: Partial<MirrorJob> | readonly Partial<MirrorJob>[], options?: Partial<RunMirrorOptions>): Promise<MirrorReport>;
  repository(name?: string): Repository;
  /** What the registry was asked since the last call, without queries. */
  asked(): string[];
  close(): Promise<void>;
}

export interface MirrorWorldOptions extends Partial<Omit<TokenRegistryOptions, 'listsReferrers'>> {
  /** The registry has no referrers API. */
  readonly lacksReferrers?: boolean;
}

export async function startMirrorWorld({ lacksReferrers = false, ...options }: MirrorWorldOptions = {}): Promise<MirrorWorld> {
  const registry = await startTokenRegistry({ login: { kind: 'bearer' }, ...(!lacksReferrers && { listsReferrers: true }), ...options });
  const store = await startS3Server({ buckets: ['bucket'] });
  const { bucket, environment } = openTestBucket({ ...store, ...store.credentials });
  const graph = createGraph();
  const name = parseRepositoryName('team/app');
  const usual: MirrorJob = { host: registry.host, repository: name, target: name, selection: {}, referrers: true };
  return {
    registry,
    store,
    bucket,
    graph,
    offer(tags) {
      for (const bytes of graph.blobs.values()) registry.addBlob(Buffer.from(bytes));
      for (const bytes of graph.manifests.values()) registry.addManifest(mediaTypeOf(bytes), Buffer.from(bytes));
      for (const [tag, { digest }] of Object.entries(tags)) {
        const bytes = graph.manifests.get(digest) ?? new Uint8Array();
        registry.tags.splice(0, Infinity, ...registry.tags.filter((other) => other !== tag));
        registry.addManifest(mediaTypeOf(bytes), Buffer.from(bytes), tag);
      }
    },
    withdraw(tag) {
      registry.tags.splice(registry.tags.indexOf(tag), 1);
      registry.manifests.delete(tag);
    },
    async run(jobs = {}, runOptions = {}) {
      const list = Array.isArray(jobs) ? (jobs as readonly Partial<MirrorJob>[]) : [jobs as Partial<MirrorJob>];
      const { address } = await resolveBucket('s3://bucket', { environment });
      return runMirror(
        list.map((job) => ({ ...usual, ...job })),
        address,
        {
          connection: { environment },
          engine: createTransferEngine({ clock: systemClock }),
          partSizeBytes: undefined,
          rateLimitFloor: 0,
          concurrency: 4,
          ...runOptions,
        },
      );
    },
    repository: (other = 'team/app') => openRepository(bucket, parseRepositoryName(other)),
    asked: () => registry.requests.splice(0).map(({ line }) => line.replace(/\?.*/, '').replace('/v2/team/app/', '')),
    async close() {
      await bucket.close();
      await registry.close();
      await store.close();
    },
  };
}

function mediaTypeOf(manifest: Uint8Array): string {
  return (JSON.parse(new TextDecoder().decode(manifest)) as { readonly mediaType: string }).mediaType;
}
