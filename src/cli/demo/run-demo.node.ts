import { join } from 'node:path';
import { openDirectoryBucket } from '../../bucket/directory/directory-bucket.node.ts';
import { RegistryError, throwIfAborted } from '../../errors/registry-error.ts';
import { parseRepositoryName, parseTag } from '../../oci/repository-name.ts';
import { openRepository } from '../../registry/repository.ts';
import { hostPlatform } from '../../runtime/host-platform.node.ts';
import { openRemote } from '../../runtime/open-remote.node.ts';
import { copyImage, type CopyResult } from '../../transfer/copy-image.ts';
import { createBucketTarget } from '../../transports/bucket-target.ts';
import { createLayoutTarget, openLayoutSource } from '../../transports/oci-layout.node.ts';
import { createRegistrySource } from '../../transports/registry.ts';
import type { Environment } from '../environment.ts';
import { serveBucket, type ServedRequest } from '../serve-bucket.node.ts';
import { cow } from './cow.ts';
import { createDemoImage } from './demo-image.node.ts';
import { findContainerClient } from './run-container.node.ts';
import { executeProgram, unpackProgram } from './unpack-program.node.ts';

const repositoryName = parseRepositoryName('demo/cow');
const tag = parseTag('latest');

/** Who pulls: a container client of this machine, or bucketry itself. */
export type DemoClient = 'podman' | 'docker' | 'bucketry';

export interface DemoOptions {
  /** An empty folder for everything; the caller removes it. */
  readonly folder: string;
  /** `auto`: a container client if one can run here, else bucketry. */
  readonly client: DemoClient | 'auto';
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/** What happened. */
export interface DemoOutcome {
  readonly folder: string;
  readonly url: string;
  readonly pushed: CopyResult;
  /** `HOST/demo/cow:latest`. */
  readonly reference: string;
  readonly client: DemoClient;
  /** The line that pulls the same way while the bucket is served. */
  readonly command: string;
  readonly requests: readonly ServedRequest[];
  /** What the image's program printed; from its bytes, where `isExecuted` is false. */
  readonly said: string;
  readonly isExecuted: boolean;
}

/** Pushes the demo's image into a directory bucket, serves the bucket as files, pulls the image from there and runs it. */
export async function runDemo(options: DemoOptions): Promise<DemoOutcome> {
  const { signal } = options;
  const folder = join(options.folder, 'bucket');
  const bucket = await openDirectoryBucket({ root: folder, create: true });
  const target = createBucketTarget(openRepository(bucket, repositoryName), {
    tag,
    location: `${bucket.location}//${repositoryName}:${tag}`,
  });
  const pushed = await copyImage(await createDemoImage(), target, { signal });
  let requests: ServedRequest[] = [];
  const server = await serveBucket(bucket, { host: '127.0.0.1', port: 0, missing: 404, onRequest: (request) => requests.push(request) });
  try {
    const host = new URL(server.url).host;
    const reference = `${host}/${repositoryName}:${tag}`;
    const begin = (): void => void (requests = []);
    const pulled = (await pullWithContainerClient(reference, options, begin)) ?? (await pullWithBucketry(host, options, begin));
    return { folder, url: server.url, pushed, reference, ...pulled, requests };
  } finally {
    await server.close();
    await bucket.close();
  }
}

type Pulled = Pick<DemoOutcome, 'client' | 'command' | 'said' | 'isExecuted'>;

/**
 * Undefined where no container client is there, or it cannot run here (no namespaces, no storage of its own).
 * @throws RegistryError `usage-invalid` where that client was asked for by name
 */
async function pullWithContainerClient(
  reference: string,
  { folder, client, signal }: DemoOptions,
  begin: () => void,
): Promise<Pulled | undefined> {
  if (client === 'bucketry') return undefined;
  const found = await findContainerClient(folder, client, signal);
  if (!found && client === 'auto') return undefined;
  if (!found) throw refuse(client, 'it is not there, or does not answer');
  begin();
  try {
    const said = await found.pullAndRun(reference, signal);
    return { client: found.name, command: found.formatPull(reference), said, isExecuted: true };
  } catch (error) {
    throwIfAborted(signal);
    if (client === 'auto') return undefined;
    throw refuse(client, 'it cannot pull and run here', error);
  }
}

function refuse(client: string, why: string, cause?: unknown): RegistryError {
  return new RegistryError('usage-invalid', `Cannot run the demo with ${client}: ${why}`, {
    cause,
    hint: 'Leave out --client, and the demo takes what runs here.',
  });
}

async function pullWithBucketry(host: string, { folder, environment, signal }: DemoOptions, begin: () => void): Promise<Pulled> {
  begin();
  const layout = { path: join(folder, 'pulled') };
  const location = `http://${host}/${repositoryName}:${tag}`;
  const remote = openRemote({ kind: 'http', host }, repositoryName, environment);
  const platform = hostPlatform();
  const isHere = platform.architecture === 'amd64' || platform.architecture === 'arm64';
  try {
    const source = createRegistrySource({ repository: remote.repository, reference: tag, location });
    const platforms = [isHere ? platform : { os: 'linux', architecture: 'amd64' }];
    await copyImage(source, createLayoutTarget(layout), { platforms, signal });
  } finally {
    await remote.close();
  }
  const image = await openLayoutSource(layout);
  const program = await unpackProgram(image, signal);
  await image.close();
  const said = isHere ? await executeProgram(program, folder, signal) : undefined;
  const command = `bucketry pull ${location} oci:./cow`;
  return { client: 'bucketry', command, said: said ?? readText(program), isExecuted: said !== undefined };
}

/** What the program would print: its text stands at its end. */
function readText(program: Uint8Array): string {
  return new TextDecoder().decode(program.subarray(-new TextEncoder().encode(cow).byteLength));
}
