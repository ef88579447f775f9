import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { aroundBucket, type BucketOperation } from '../../src/bucket/decorators/around-bucket.ts';
import { createMemoryBucket } from '../../src/bucket/memory/memory-bucket.ts';
import type { ObjectContent } from '../../src/bucket/bucket.ts';
import { formatError, reportError } from '../../src/cli/format-error.ts';
import type { ErrorCode } from '../../src/errors/codes.ts';
import { formatKey } from '../../src/layout/keys.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { parseRepositoryName, parseTag } from '../../src/oci/repository-name.ts';
import { type ByteStream, bytesSource } from '../../src/streams/byte-source.ts';
import { copyImage } from '../../src/transfer/copy-image.ts';
import { createBucketSource } from '../../src/transports/bucket-source.ts';
import { createBucketTarget } from '../../src/transports/bucket-target.ts';
import { createLayoutTarget } from '../../src/transports/oci-layout.node.ts';
import { rejection } from '../coded-errors.ts';
import { folderTest } from '../images/folder-test.ts';
import { addBlob, addManifest, createGraph } from '../images/build-image.ts';
import { copyBack } from '../images/copy-back.ts';
import { createMemorySource } from '../images/memory-source.ts';
import type { PolicyDocument } from '../s3-server/policy.ts';
import { startS3Server } from '../s3-server/server.ts';
import { createImage, type DamagedImage, writeLayout } from './bad-images.ts';
import { readReport, runWords } from './command-line.ts';
import { repositoryOf } from './fault-operations.ts';
import { findWrongFiles, readLayout } from './layout-contents.ts';
import { canMount, pushToSmallDisk } from './small-disk.ts';
import { createVirtualClock } from './virtual-clock.ts';

describe('a pull from a store that lies', () => {
  const rows: readonly {
    readonly store: string;
    readonly lie: (content: ObjectContent) => Partial<ObjectContent>;
    readonly code: ErrorCode;
    readonly exitCode: number;
    readonly says: RegExp;
  }[] = [
    {
      store: 'announces a body and gives none',
      lie: () => ({ body: zeros(0) }),
      code: 'response-invalid',
      exitCode: 8,
      says: /ended before/,
    },
    {
      store: 'says another size than it holds',
      lie: ({ size }) => ({ size: size + 1 }),
      code: 'size-mismatch',
      exitCode: 7,
      says: /sha256:[0-9a-f]{64}.*bytes in memory:.*wanted/,
    },
    {
      store: 'gives other bytes',
      lie: ({ size }) => ({ body: zeros(size) }),
      code: 'digest-mismatch',
      exitCode: 7,
      says: /sha256:[0-9a-f]{64}.*have the digest/,
    },
  ];

  folderTest.for(rows)('and $store leaves the layout as it was', async ({ lie, code, exitCode, says }, { folder }) => {
    const clock = createVirtualClock();
    const inner = createMemoryBucket({ clock });
    const [before, image] = [await createImage('before'), await createImage()];
    const target = { tag: parseTag('1.0'), location: 'memory:/team/app:1.0' };
    await copyImage(createMemorySource(image.graph, image.root), createBucketTarget(repositoryOf({ bucket: inner, clock }), target));
    await copyImage(createMemorySource(before.graph, before.root), createLayoutTarget({ path: folder, reference: 'before' }));
    const files = await readLayout(folder);

    const bucket = aroundBucket(inner, {
      call: async (operation, run) => lieAbout(operation, await run(), lie),
      iterate: (_, open) => open(),
    });
    const source = createBucketSource(repositoryOf({ bucket, clock }), { reference: parseTag('1.0'), location: 'memory:/team/app:1.0' });
    const error = await rejection(copyImage(source, createLayoutTarget({ path: folder, reference: '1.0' })));
    const report = reportError(error);
    expect(report.error).toMatchObject({ code, exitCode, side: 'source', hint: expect.stringMatching(/\w/) });
    expect(formatError(report)).toMatch(says);
    const left = await readLayout(folder);
    expect(findWrongFiles(left)).toEqual([]);
    expect(left.get('index.json')).toEqual(files.get('index.json'));
  });

  function lieAbout<T>({ name, key }: BucketOperation, result: T, lie: (content: ObjectContent) => Partial<ObjectContent>): T {
    return name === 'get' && key?.includes('/blobs/') === true && isContent(result) ? { ...result, ...lie(result) } : result;
  }
});

describe('a push to a store that lists wrong sizes', () => {
  test('takes over no part of an upload, sends everything, and ends well', async () => {
    const clock = createVirtualClock();
    const inner = createMemoryBucket({ clock });
    const image = createLargeImage();
    const key = formatKey({ kind: 'blob', name: parseRepositoryName('team/app'), digest: image.layer.digest });
    const upload = await inner.multipart?.create(key, { size: image.layer.size, partSize: partBytes });
    if (upload) await inner.multipart?.putPart(upload, 1, bytesSource(new Uint8Array(partBytes)));

    const lying = aroundBucket(inner, {
      call: async (_, run) => enlarge(await run()),
      async *iterate(_, open) {
        for await (const entry of open()) yield enlarge(entry);
      },
    });
    const target = { tag: parseTag('1.0'), location: 'memory:/team/app:1.0' };
    await copyImage(createMemorySource(image.graph, image.root), createBucketTarget(repositoryOf({ bucket: lying, clock }), target));
    const source = createBucketSource(repositoryOf({ bucket: inner, clock }), { reference: target.tag, location: target.location });
    expect((await copyBack(Promise.resolve(source))).graph.blobs).toEqual(image.graph.blobs);
  });

  /** Whatever has a size is said to be larger by one; what is read is as it is, or no manifest could be read. */
  function enlarge<T>(value: T): T {
    const isListed = typeof value === 'object' && value !== null && 'size' in value && !('body' in value);
    return isListed && typeof value.size === 'number' ? { ...value, size: value.size + 1 } : value;
  }
});

describe('a push to a store that takes no more', () => {
  const readOnly: PolicyDocument = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['s3:GetObject', 's3:ListBucket'], Resource: '*' }],
  };
  const reader = { accessKeyId: 'AKIAREADER0000000000', secretAccessKey: 'reader/secret+key/0123456789', policy: readOnly };

  folderTest.for([
    ['may only be read with these credentials', reader.secretAccessKey, 'access-denied', /do this/],
    ['does not know the secret', 'wrong/secret+key/0123456789', 'credentials-invalid', /AWS_SECRET_ACCESS_KEY/],
  ] as const)('since it %s', async ([, secretAccessKey, code, says], { folder }) => {
    const server = await startS3Server({ buckets: ['images'], credentials: [reader] });
    onTestFinished(() => server.close());
    await writeLayout(join(folder, 'image'), await createImage());
    const environment = {
      HOME: folder,
      AWS_ENDPOINT_URL_S3: server.endpoint,
      AWS_ACCESS_KEY_ID: reader.accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };
    const words = ['push', `oci:${join(folder, 'image')}`, 's3://images/team/app:1.0'];
    const forPeople = await runWords([...words, '--debug'], environment);
    const asJson = await runWords([...words, '--json'], environment);
    expect([forPeople.exitCode, asJson.exitCode]).toEqual([5, 5]);
    expect(readReport(asJson)).toMatchObject({ code, message: expect.stringContaining('s3://images'), hint: expect.stringMatching(says) });
    for (const { stderr } of [forPeople, asJson]) {
      expect(stderr).not.toContain(secretAccessKey);
      expect(stderr).not.toMatch(/Signature=|AWS4-HMAC/);
    }
    expect(server.objects('images')).toEqual([]);
  });

  folderTest.skipIf(!canMount).for([
    ['full', false, 'storage-full', /no space left/],
    ['read-only', true, 'storage-read-only', /read-only/],
  ] as const)('since its disk is %s (needs to mount one)', async ([, isReadOnly, code, says], { folder }) => {
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    await writeLayout(first, await createImage('first'));
    await writeLayout(second, createLargeImage());
    const { exitCode, before, after, ...ending } = await pushToSmallDisk({ sizeBytes: 2 ** 20, isReadOnly, folder, first, second });
    expect(readReport({ exitCode, ...ending })).toMatchObject({
      code,
      exitCode,
      message: expect.stringMatching(says),
      hint: expect.stringMatching(/\w/),
    });
    expect(exitCode).toBe(9);
    expect(before).toContain('manifests/');
    // Blobs that nothing names, and uploads to go on with, are seen by no reader.
    const added = after.split('\n').filter((line) => !before.split('\n').includes(line));
    expect(added.filter((line) => !/\/(?:blobs|\.directory-bucket)\//.test(line))).toEqual([]);
    expect(before.split('\n').filter((line) => !after.split('\n').includes(line))).toEqual([]);
  });
});

const partBytes = 5 * 2 ** 20;

/** An image of one layer, which is larger than one part and than a small disk. */
function createLargeImage(): DamagedImage & { readonly layer: Descriptor } {
  const graph = createGraph();
  const layer = addBlob(graph, mediaTypes.layer, new Uint8Array(2 * partBytes).fill(7));
  const config = addBlob(graph, mediaTypes.imageConfig, '{"os":"linux","architecture":"amd64"}');
  return { graph, layer, root: addManifest(graph, mediaTypes.imageManifest, { config, layers: [layer] }) };
}

function isContent(value: unknown): value is ObjectContent {
  return typeof value === 'object' && value !== null && 'body' in value;
}

async function* zeros(bytes: number): ByteStream {
  yield new Uint8Array(bytes);
}
