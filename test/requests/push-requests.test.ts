import { onTestFinished, expect, test } from 'vitest';
import type { Bucket } from '../../src/bucket/bucket.ts';
import { withLimit } from '../../src/bucket/decorators/with-limit.ts';
import { withRetry } from '../../src/bucket/decorators/with-retry.ts';
import { staticCredentials } from '../../src/bucket/s3/credentials-provider.ts';
import { openS3Bucket } from '../../src/bucket/s3/s3-bucket.ts';
import { createNodeHttpClient } from '../../src/http/node-http-client.node.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { parseRepositoryName, parseTag } from '../../src/oci/repository-name.ts';
import { createTransferEngine } from '../../src/parallel/transfer-engine.ts';
import { readBucketFormat } from '../../src/registry/bucket-format.ts';
import { openRepository } from '../../src/registry/repository.ts';
import { systemClock } from '../../src/streams/clock.ts';
import { copyImage } from '../../src/transfer/copy-image.ts';
import type { ImageSource } from '../../src/transfer/image-source.ts';
import { createBucketTarget } from '../../src/transports/bucket-target.ts';
import { addBlob, addImage, addManifest, createGraph, type Graph } from '../images/build-image.ts';
import { createMemorySource } from '../images/memory-source.ts';
import { type S3TestServer, startS3Server } from '../s3-server/server.ts';
import { startTlsFront, testCertificate } from '../tls-front.ts';

const MIB = 2 ** 20;

async function startServer(): Promise<S3TestServer> {
  const server = await startS3Server({ buckets: ['pub'] });
  onTestFinished(() => server.close());
  return server;
}

function openBucket({ region, credentials }: S3TestServer, endpoint: string): Bucket {
  const http = createNodeHttpClient({ env: {}, ca: testCertificate });
  const place = { bucket: 'pub', endpoint, region };
  const bucket = openS3Bucket({ ...place, credentials: staticCredentials(credentials), http, clock: systemClock });
  onTestFinished(() => bucket.close());
  return withRetry(withLimit(bucket, { maxRequests: 128 }));
}

/** One run of the command: the format is read, then the image is pushed. @returns what was asked of the store, in order */
async function push(server: S3TestServer, source: ImageSource, endpoint: string = server.endpoint): Promise<string[]> {
  server.requests.length = 0;
  const bucket = openBucket(server, endpoint);
  const format = await readBucketFormat(bucket);
  const repository = openRepository(bucket, parseRepositoryName('app'), createTransferEngine({ clock: systemClock }));
  await copyImage(source, createBucketTarget(repository, { tag: parseTag('1'), format, location: 'app:1' }));
  return server.requests.map(
    ({ operation, key = '', query }) => `${operation} ${(query['prefix'] ?? key).replace(/sha256:[0-9a-f]{64}/, 'DIGEST')}`,
  );
}

/** A source that counts how often a blob was opened. */
function countingSource(source: ImageSource): ImageSource & { opened: number } {
  const counting = {
    ...source,
    opened: 0,
    blob(descriptor: Parameters<ImageSource['blob']>[0]) {
      const blob = source.blob(descriptor);
      return { ...blob, open: (...options: Parameters<typeof blob.open>) => ((counting.opened += 1), blob.open(...options)) };
    },
  };
  return counting;
}

/** An image whose one layer goes up in three parts. */
function addLargeImage(graph: Graph): Descriptor {
  const layer = Uint8Array.from({ length: 12 * MIB }, (_, index) => (index * 7) % 253);
  const config = addBlob(graph, mediaTypes.imageConfig, '{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}');
  return addManifest(graph, mediaTypes.imageManifest, { config, layers: [addBlob(graph, mediaTypes.layerGzip, layer)] });
}

test('pushing an unchanged image of 12 layers again takes four requests, all of them reads, and reads no layer', async () => {
  const server = await startServer();
  const graph = createGraph();
  const root = await addImage(
    graph,
    'linux/amd64',
    Array.from({ length: 12 }, (_, index) => `layer ${index}`),
  );
  await push(server, createMemorySource(graph, root));
  const source = countingSource(createMemorySource(graph, root));
  expect((await push(server, source)).toSorted()).toEqual([
    'GetObject _bucketry/format',
    'GetObject _bucketry/repositories/app/_collection',
    'GetObject v2/app/manifests/1',
    'GetObject v2/app/tags/list',
  ]);
  expect(source.opened).toBe(0);
});

test('a push of one large layer into a new repository waits only where one answer needs another', async () => {
  const server = await startServer();
  const graph = createGraph();
  const first = await addImage(graph, 'linux/amd64', ['another image, so that the bucket has its format']);
  await push(server, createMemorySource(graph, first));
  for (const { key } of server.objects('pub')) if (key.includes('app/')) server.deleteObject('pub', key);

  const root = addLargeImage(graph);
  const requests = await push(server, createMemorySource(graph, root));
  const count = (operation: string): number => requests.filter((request) => request.startsWith(`${operation} `)).length;
  expect({
    parts: count('UploadPart'),
    uploads: [count('CreateMultipartUpload'), count('ListMultipartUploads'), count('ListParts'), count('CompleteMultipartUpload')],
    heads: count('HeadObject'),
    gets: count('GetObject'),
    lists: count('ListObjectsV2'),
    puts: count('PutObject'),
  }).toEqual({
    parts: 3,
    uploads: [1, 1, 0, 1],
    // Two blobs, the manifest, its index of referrers
    heads: 4,
    // The format, the state of collection twice, the tag, the list of tags
    gets: 5,
    // The referrers before and after the index was put; the tags before and after the list was
    lists: 4,
    // The config, the manifest, the marker, the index, the tag, the list of tags
    puts: 6,
  });
});

test('over plain HTTP each part carries a digest that the store holds it to; over TLS it is not digested a second time', async () => {
  const server = await startServer();
  const graph = createGraph();
  const source = createMemorySource(graph, addLargeImage(graph));
  const payloads = (): (string | undefined)[] =>
    server.requests.filter(({ operation }) => operation === 'UploadPart').map(({ headers }) => headers['x-amz-content-sha256']);
  await push(server, source);
  expect(payloads()).toEqual([1, 2, 3].map(() => expect.stringMatching(/^[0-9a-f]{64}$/)));

  for (const { key } of server.objects('pub')) server.deleteObject('pub', key);
  const front = await startTlsFront(server.endpoint);
  onTestFinished(() => front.close());
  await push(server, source, front.endpoint);
  expect(payloads()).toEqual(['UNSIGNED-PAYLOAD', 'UNSIGNED-PAYLOAD', 'UNSIGNED-PAYLOAD']);
});
