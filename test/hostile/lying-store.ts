import type { Socket } from 'node:net';
import type { Bucket } from '../../src/bucket/bucket.ts';
import { withRetry } from '../../src/bucket/decorators/with-retry.ts';
import { type ObjectKey, toObjectKey } from '../../src/bucket/object-key.ts';
import { staticCredentials } from '../../src/bucket/s3/credentials-provider.ts';
import { openS3Bucket } from '../../src/bucket/s3/s3-bucket.ts';
import { createNodeReadClient } from '../../src/http/node-read-client.node.ts';
import { parseRepositoryName, parseTag } from '../../src/oci/repository-name.ts';
import { openRepository } from '../../src/registry/repository.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import { readAll } from '../../src/streams/read-all.ts';
import { copyImage } from '../../src/transfer/copy-image.ts';
import { createBucketSource } from '../../src/transports/bucket-source.ts';
import { createImage, type DamagedImage } from '../faults/bad-images.ts';
import type { HostileRow, HostileStage } from './hostile-row.ts';
import { hastyClock } from './lying-registry.ts';
import { type Lie, startLyingServer, startRawServer } from './lying-server.ts';

/** What is asked of a store that lies. */
type StoreQuestion = 'get' | 'list' | 'uploads' | 'copy' | 'put' | 'complete' | 'delete' | 'tags';

const operations: Readonly<Record<StoreQuestion, string>> = {
  get: 'read an object',
  list: 'list a bucket',
  uploads: 'list the uploads of a bucket',
  copy: 'copy an image out of a bucket',
  put: 'write an object',
  complete: 'complete an upload',
  delete: 'delete objects',
  tags: 'list the tags of a repository in a bucket',
};

/** What a good store says of an object, beside its length. */
export const goodHeaders = { etag: '"e"', 'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT' };

/** A row of a store that answers every request with these bytes. */
export function rawRow(
  lie: string,
  code: HostileRow['code'],
  answer: string | ((socket: Socket) => unknown),
  maxMemoryMib?: number,
): HostileRow {
  return {
    liar: 'store',
    lie: `a store's answer with ${lie}`,
    operation: operations.get,
    code,
    maxMemoryMib,
    async run() {
      const server = await startRawServer((socket) => (typeof answer === 'string' ? socket.end(answer, 'latin1') : answer(socket)));
      const bucket = open(server.port);
      try {
        await ask(bucket, 'get');
      } finally {
        await bucket.close();
        await server.close();
      }
    },
  };
}

/** A row of a store that answers as it likes, and else holds `team/app:1.0`. */
export function storeRow(
  lie: string,
  code: HostileRow['code'],
  asks: StoreQuestion,
  answer: Lie,
  make: () => Promise<DamagedImage> = createImage,
): HostileRow {
  return {
    liar: 'store',
    lie,
    operation: operations[asks],
    code,
    async run(stage) {
      const server = await startLyingServer(answer, holdImage(await make()));
      const bucket = open(server.port);
      try {
        if (asks === 'copy') await copyOut(bucket, stage);
        else await ask(bucket, asks);
      } finally {
        await bucket.close();
        await server.close();
      }
    },
  };
}

function open(port: number): Bucket {
  const http = createNodeReadClient({ env: {}, idleTimeoutMs: 500, connectTimeoutMs: 2000 });
  const credentials = staticCredentials({ accessKeyId: 'AKIAEXAMPLE000000000', secretAccessKey: 'sesame' });
  const endpoint = `http://127.0.0.1:${port}`;
  const bucket = openS3Bucket({ bucket: 'images', region: 'us-east-1', endpoint, credentials, http, clock: hastyClock });
  return withRetry(bucket, { clock: hastyClock, attempts: 2 });
}

async function copyOut(bucket: Bucket, { target }: HostileStage): Promise<void> {
  const repository = openRepository(bucket, parseRepositoryName('team/app'), { clock: hastyClock });
  const source = createBucketSource(repository, { reference: parseTag('1.0'), location: 's3://images/team/app:1.0' });
  await copyImage(source, target, { signal: AbortSignal.timeout(20_000) });
}

async function ask(bucket: Bucket, question: Exclude<StoreQuestion, 'copy'>): Promise<unknown> {
  const signal = AbortSignal.timeout(20_000);
  const key = toObjectKey('v2/a');
  switch (question) {
    case 'get':
      return readObject(bucket, key, signal);
    case 'list':
      return Array.fromAsync(bucket.list({ prefix: 'v2/', signal }));
    case 'uploads':
      return Array.fromAsync(bucket.multipart?.listUploads(key, { signal }) ?? []);
    case 'put':
      return bucket.put(key, bytesSource(new Uint8Array(9)), { signal });
    case 'complete':
      return bucket.multipart?.complete({ key, uploadId: 'u' }, [{ partNumber: 1, etag: '"e"' }], { signal });
    case 'delete':
      return bucket.deleteMany([key, toObjectKey('v2/b')], { signal });
    case 'tags':
      return openRepository(bucket, parseRepositoryName('team/app'), { clock: hastyClock }).tags.list({ signal });
    default:
      return question satisfies never;
  }
}

async function readObject(bucket: Bucket, key: ObjectKey, signal: AbortSignal): Promise<void> {
  const content = await bucket.get(key, { signal });
  if (content) await readAll(content.body, 1000, 'an object');
}

function holdImage({ graph, root }: DamagedImage): Lie {
  return ({ request, response, path }) => {
    const [, reference = ''] = /^\/images\/v2\/team\/app\/(?:manifests|blobs)\/([^?]+)/.exec(decodeURIComponent(path)) ?? [];
    const digest = reference === '1.0' ? root.digest : reference;
    const bytes = graph.manifests.get(digest) ?? graph.blobs.get(digest);
    if (!bytes) return false;
    const [, first] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? [];
    if (first !== undefined) return false;
    response.writeHead(200, { ...goodHeaders, 'content-length': bytes.byteLength }).end(bytes);
    return true;
  };
}
