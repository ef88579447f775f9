import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { packTar } from '../../src/archive/pack-tar.ts';
import { pusherPolicy, readerPolicy } from '../../src/doctor/bucket-policies.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import { digestHex } from '../../src/streams/hasher.ts';
import { readAll } from '../../src/streams/read-all.ts';
import { folderTest as it } from '../images/folder-test.ts';
import { type S3TestServer, startS3Server } from '../s3-server/server.ts';
import type { Credentials } from '../s3-server/signature.ts';
import { type CommandLine, openCommandLine } from './command-line.ts';
import { writeIndexLayout, writeLargeLayout } from './image-layouts.ts';

const MIB = 2 ** 20;

const owner = { accessKeyId: 'OWNER', secretAccessKey: 'owner-secret' };
const pusher = { accessKeyId: 'PUSHER', secretAccessKey: 'pusher-secret', policy: pusherPolicy('bucket') };
const reader = { accessKeyId: 'READER', secretAccessKey: 'reader-secret', policy: readerPolicy('bucket') };

/** A store that hides missing keys from those who may not list, as S3 does, and a command line for each who has a key to it. */
interface Store {
  readonly server: S3TestServer;
  readonly owner: CommandLine;
  readonly pusher: CommandLine;
  readonly reader: CommandLine;
  /** Requests that the store refused since it was asked last. */
  readonly refusals: () => string[];
}

async function withStore(folder: string, use: (store: Store) => Promise<void>, bytesPerSecond?: number): Promise<void> {
  const credentials = [owner, pusher, reader];
  const server = await startS3Server({ buckets: ['bucket'], credentials, ...(bytesPerSecond !== undefined && { bytesPerSecond }) });
  const open = ({ accessKeyId, secretAccessKey }: Credentials): CommandLine =>
    openCommandLine({
      folder,
      environment: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_ENDPOINT_URL_S3: server.endpoint },
    });
  const refusals = (): string[] =>
    server.requests.splice(0).flatMap(({ operation, key, status }) => (status === 403 ? [`${operation} ${key ?? ''}`] : []));
  try {
    await use({ server, owner: open(owner), pusher: open(pusher), reader: open(reader), refusals });
  } finally {
    await server.close();
  }
}

/** Runs a command that must succeed, and gives what it printed. */
async function succeed({ run }: CommandLine, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...words);
  expect(code, stderr).toBe(0);
  return stdout;
}

function keysOf(server: S3TestServer): string[] {
  return server.objects('bucket').map(({ key }) => key);
}

function packFiles(files: Readonly<Record<string, Uint8Array>>): Promise<Uint8Array> {
  const entries = Object.entries(files).map(([name, bytes]) => ({ name, source: bytesSource(bytes) }));
  return readAll(packTar(entries), 32 * MIB, 'the files');
}

/** A `docker save` of one layer that is packed on the way, and is then too large for one request: it is staged. */
async function writeDockerArchive(path: string): Promise<void> {
  const layer = await packFiles({ noise: randomBytes(9 * MIB) });
  const diffIds = [`sha256:${digestHex('sha256', layer)}`];
  const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
  const archive = await packFiles({
    'config.json': json({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: diffIds } }),
    'layer.tar': layer,
    'manifest.json': json([{ Config: 'config.json', RepoTags: ['app:1'], Layers: ['layer.tar'] }]),
  });
  await writeFile(path, archive);
}

describe('who has no more than the policy that init prints for pushers', () => {
  for (const made of ['made ready by init', 'that nobody made ready'] as const) {
    it(`pushes into a bucket ${made}, pushes again, and tags`, async ({ folder }) => {
      await writeIndexLayout(folder, 'image');
      await withStore(folder, async ({ server, owner: own, pusher: push, refusals }) => {
        if (made === 'made ready by init') {
          const { policies } = JSON.parse(await succeed(own, 'init', 's3://bucket', '--catalog', '--json')) as { policies: unknown };
          expect(policies).toMatchObject({ pusher: pusher.policy, reader: reader.policy });
        }
        await succeed(push, 'push', 'oci:image', 's3://bucket/team/app:1');
        await succeed(push, 'push', 'oci:image', 's3://bucket/team/app:1');
        await succeed(push, 'push', 'oci:image', 's3://bucket/other:1');
        await succeed(push, 'tag', 's3://bucket/team/app:1', '2');
        expect(await succeed(push, 'tags', 's3://bucket/team/app')).toBe('1\n2\n');
        expect(await succeed(push, 'ls', 's3://bucket')).toBe('other\nteam/app\n');
        expect(keysOf(server)).toContain('v2/team/app/tags/list');
        expect(refusals()).toEqual([]);
      });
    });
  }

  it('goes on with an upload that broke off', async ({ folder }) => {
    await writeLargeLayout(folder, 'image', 12 * MIB);
    await withStore(
      folder,
      async ({ server, pusher: push, refusals }) => {
        const broken = await push.start('push', 'oci:image', 's3://bucket/app:1');
        await expect.poll(() => server.uploads('bucket')[0]?.partNumbers.length ?? 0, { timeout: 20_000 }).toBeGreaterThan(0);
        broken.signal('SIGINT');
        await broken.ended;
        const uploadIds = server.uploads('bucket').map(({ uploadId }) => uploadId);
        server.requests.length = 0;
        await succeed(push, 'push', 'oci:image', 's3://bucket/app:1');
        const completed = server.requests.filter(({ operation }) => operation === 'CompleteMultipartUpload');
        expect(completed.map(({ query }) => query['uploadId'])).toEqual(uploadIds);
        expect(server.uploads('bucket')).toEqual([]);
        expect(refusals()).toEqual([]);
      },
      MIB,
    );
  });

  it('discards what it began where it is told to', async ({ folder }) => {
    await writeLargeLayout(folder, 'image', 12 * MIB);
    await withStore(
      folder,
      async ({ server, pusher: push, refusals }) => {
        const broken = await push.start('push', 'oci:image', 's3://bucket/app:1', '--abort');
        // The first part goes after the answer that names the upload.
        const isSending = (): boolean => server.requests.some(({ operation }) => operation === 'UploadPart');
        await expect.poll(isSending, { timeout: 10_000 }).toBe(true);
        broken.signal('SIGINT');
        expect(await broken.ended).toMatchObject({ code: 130, stderr: expect.stringContaining('discarded') });
        expect(server.uploads('bucket')).toEqual([]);
        expect(refusals()).toEqual([]);
      },
      MIB,
    );
  });

  it('packs and stages the layers of an archive, and leaves nothing staged', async ({ folder }) => {
    await writeDockerArchive(join(folder, 'app.tar'));
    await withStore(folder, async ({ server, pusher: push, refusals }) => {
      await succeed(push, 'push', 'docker-archive:app.tar', 's3://bucket/app:1');
      expect(server.requests.map(({ operation }) => operation)).toContain('CopyObject');
      expect(keysOf(server).filter((key) => key.startsWith('_bucketry/staging/'))).toEqual([]);
      expect(refusals()).toEqual([]);
    });
  });

  it('removes nothing that anyone can see', async ({ folder }) => {
    await writeIndexLayout(folder, 'image');
    await withStore(folder, async ({ server, pusher: push }) => {
      await succeed(push, 'push', 'oci:image', 's3://bucket/app:1');
      const before = keysOf(server);
      expect(await push.run('rm', 's3://bucket/app:1')).toMatchObject({ code: 5, stderr: expect.stringContaining('access-denied') });
      expect(keysOf(server)).toEqual(before);
    });
  });
});

describe('who has no more than the policy that init prints for readers', () => {
  it('pulls, looks, and is told what is not there', async ({ folder }) => {
    const digest = await writeIndexLayout(folder, 'image');
    await withStore(folder, async ({ owner: own, reader: read, refusals }) => {
      await succeed(own, 'push', 'oci:image', 's3://bucket/app:1');
      await succeed(read, 'pull', 's3://bucket/app:1', 'oci:pulled');
      expect(await succeed(read, 'inspect', 'oci:pulled')).toContain(digest);
      expect(await succeed(read, 'tags', 's3://bucket/app')).toBe('1\n');
      expect(await succeed(read, 'ls', 's3://bucket')).toBe('app\n');
      for (const [missing, code] of [
        ['app:2', 'tag-missing'],
        ['none:1', 'repository-missing'],
      ] as const) {
        const refused = await read.run('pull', `s3://bucket/${missing}`, 'oci:none');
        expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining(code) });
      }
      expect(refusals()).toEqual([]);
    });
  });

  it('writes nothing', async ({ folder }) => {
    await writeIndexLayout(folder, 'image');
    await withStore(folder, async ({ server, owner: own, reader: read }) => {
      await succeed(own, 'push', 'oci:image', 's3://bucket/app:1');
      const before = server.objects('bucket');
      for (const words of [
        ['push', 'oci:image', 's3://bucket/app:2'],
        ['tag', 's3://bucket/app:1', '2'],
        ['rm', 's3://bucket/app:1'],
        ['init', 's3://bucket'],
      ]) {
        expect(await read.run(...words), words.join(' ')).toMatchObject({ code: 5, stderr: expect.stringContaining('access-denied') });
      }
      expect(server.objects('bucket')).toEqual(before);
      expect(server.uploads('bucket')).toEqual([]);
    });
  });
});
