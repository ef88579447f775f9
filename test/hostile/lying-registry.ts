import { createNodeHttpClient } from '../../src/http/node-http-client.node.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import type { RegistryCredentials } from '../../src/remote/credentials.ts';
import { createRegistryClient, type RegistryClient } from '../../src/remote/registry-client.ts';
import { listRepositories } from '../../src/remote/remote-catalog.ts';
import { openRemoteRepository, type RemoteRepository } from '../../src/remote/remote-repository.ts';
import { type Clock, systemClock } from '../../src/streams/clock.ts';
import { copyImage } from '../../src/transfer/copy-image.ts';
import { createRegistrySource } from '../../src/transports/registry.ts';
import { createImage, type DamagedImage } from '../faults/bad-images.ts';
import type { HostileRow, HostileStage } from './hostile-row.ts';
import { type Lie, lookUpLoopback, type LyingServer, startLyingServer } from './lying-server.ts';

/** Time passes, but nobody waits. */
export const hastyClock: Clock = { ...systemClock, sleep: async () => undefined };

/** What is asked of a registry that lies. */
export type Question = 'copy' | 'tags' | 'catalog' | 'referrers' | 'digest';

const operations: Readonly<Record<Question, string>> = {
  copy: 'push docker://… into a bucket',
  tags: 'list the tags of a registry',
  catalog: 'list the repositories of a registry',
  referrers: 'list referrers in a registry',
  digest: 'ask for the digest of a tag',
};

export interface RegistryLieOptions {
  readonly asks?: Question;
  readonly credentials?: RegistryCredentials;
  /** The image that is told the truth of; one layer if left out. */
  readonly image?: () => DamagedImage | Promise<DamagedImage>;
  readonly maxMemoryMib?: number;
  /** 500 if left out. */
  readonly idleTimeoutMs?: number;
}

/** A row of a registry whose answers are lies where `lie` gives some. */
export function registryRow(lie: string, code: HostileRow['code'], answer: Lie, options: RegistryLieOptions = {}): HostileRow {
  const { asks = 'copy', maxMemoryMib } = options;
  return {
    liar: 'registry',
    lie,
    operation: operations[asks],
    code,
    maxMemoryMib,
    async run(stage) {
      const image = await (options.image ?? createImage)();
      const server = await startLyingServer(answer, tellTruth(image));
      try {
        await ask(stage, server, asks, options);
      } finally {
        await server.close();
        refuseLeaks(server, options.credentials);
      }
    },
  };
}

/** A login must not go anywhere but to the registry itself. */
function refuseLeaks({ asked }: LyingServer, credentials: RegistryCredentials | undefined): void {
  const leak = asked.find(({ host, authorization }) => authorization !== undefined && host.startsWith('other.test'));
  if (credentials && leak) throw new Error(`the login went to ${leak.host}${leak.path}`);
}

/** A registry that holds an image as `team/app:1.0`. */
function tellTruth({ graph, root }: DamagedImage): Lie {
  return ({ response, path }) => {
    const [, kind, reference = ''] = /^\/v2\/team\/app\/(manifests|blobs)\/([^?]+)/.exec(path) ?? [];
    const bytes = kind === 'blobs' ? graph.blobs.get(reference) : graph.manifests.get(reference === '1.0' ? root.digest : reference);
    if (path === '/v2/') response.end('{}');
    else if (bytes) response.writeHead(200, { 'content-type': typeOf(kind, bytes), 'content-length': bytes.byteLength }).end(bytes);
    else return false;
    return true;
  };
}

function typeOf(kind: string | undefined, bytes: Uint8Array): string {
  if (kind === 'blobs') return 'application/octet-stream';
  return new TextDecoder().decode(bytes).includes('"manifests"') ? mediaTypes.imageIndex : mediaTypes.imageManifest;
}

async function ask(
  { target }: HostileStage,
  { port }: LyingServer,
  question: Question,
  { credentials, idleTimeoutMs = 500 }: RegistryLieOptions,
): Promise<void> {
  const http = createNodeHttpClient({ env: {}, idleTimeoutMs, connectTimeoutMs: 2000, lookup: lookUpLoopback });
  const client = createRegistryClient({
    host: `registry.test:${port}`,
    http,
    clock: hastyClock,
    credentials: async () => credentials,
    scheme: 'http',
  });
  const signal = AbortSignal.timeout(20_000);
  try {
    const repository = openRemoteRepository(client, parseRepositoryName('team/app'), hastyClock, { attempts: 2 });
    if (question === 'copy') {
      const location = `docker://${client.host}/team/app:1.0`;
      await copyImage(createRegistrySource({ repository, reference: '1.0', location }), target, { signal, referrers: false });
    } else await readWhole(question, repository, client, signal);
  } finally {
    await http.close();
  }
}

async function readWhole(
  question: Exclude<Question, 'copy'>,
  repository: RemoteRepository,
  client: RegistryClient,
  signal: AbortSignal,
): Promise<void> {
  const someDigest = `sha256:${'0'.repeat(64)}` as Parameters<RemoteRepository['listReferrers']>[0];
  if (question === 'tags') await Array.fromAsync(repository.listTags({ signal }));
  else if (question === 'catalog') await Array.fromAsync(listRepositories(client, hastyClock, { signal }));
  else if (question === 'referrers') await repository.listReferrers(someDigest, { signal });
  else await repository.digestOf('1.0', { signal });
}

/** A lie about the manifest of the tag. */
export function aboutManifest(answer: (exchange: Parameters<Lie>[0]) => unknown): Lie {
  return about(/^\/v2\/team\/app\/manifests\/1\.0$/, answer);
}

/** A lie about every blob. */
export function aboutBlobs(answer: (exchange: Parameters<Lie>[0]) => unknown): Lie {
  return about(/^\/v2\/team\/app\/blobs\//, answer);
}

/** A lie about the paths that match. */
export function about(paths: RegExp, answer: (exchange: Parameters<Lie>[0]) => unknown): Lie {
  return (exchange) => {
    if (!paths.test(exchange.path)) return false;
    answer(exchange);
    return true;
  };
}
