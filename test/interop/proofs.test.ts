import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTemporaryFolder } from '../peers/temporary-folder.ts';
import type { TemporaryFolder } from '../peers/temporary-folder.ts';
import { buildImages } from './images.ts';
import type { TestImage } from './images.ts';
import { askClient } from './matrix.ts';
import type { OpenPlace } from './place.ts';
import { formatReason, Refusal } from './refusal.ts';
import { listRequestWords } from './request-words.ts';
import { checkContent } from './take-by-copy.ts';
import { takeByRunning } from './take-by-running.ts';

/** What makes an `ok` of the table worth something: each proof is shown to fail where it should. */

const images = await buildImages('nowhere');
const place: OpenPlace = { name: 'static', host: '127.0.0.1:1', repository: 'team/static', images, close: async () => {} };

describe('a client that copies', () => {
  let folder: TemporaryFolder;
  const { index } = images;

  beforeEach(async () => {
    folder = await createTemporaryFolder('proof');
    await writeWhole(index, folder.path);
  });

  afterEach(() => folder.remove());

  test('has to write every manifest, config and layer, in whatever files', async () => {
    await checkContent(folder.path, index.digests);
    expect(index.digests).toHaveLength(7);
  });

  test.each(index.digests.map((digest, position) => [position, digest] as const))(
    'is refused without the %s. of them',
    async (_, digest) => {
      await rm(join(folder.path, 'blobs', digest.replace(':', '-')));
      await expect(checkContent(folder.path, index.digests)).rejects.toThrow(digest);
    },
  );

  test('is refused where a byte is another', async () => {
    const [root = '', layer = ''] = index.digests;
    await copyFile(join(folder.path, 'blobs', root.replace(':', '-')), join(folder.path, 'blobs', layer.replace(':', '-')));
    await expect(checkContent(folder.path, index.digests)).rejects.toThrow(Refusal);
  });
});

describe('a container engine', () => {
  const { single, index } = images;
  const pull = async (): Promise<void> => {};

  test('has to record the digest that was pushed, and to print what the program says', async () => {
    const engine = { pull, recordedDigests: async () => `["app@${single.root.digest}"]`, run: async () => single.output };
    await takeByRunning(engine)('app', single);
    await expect(takeByRunning(engine)('app', index)).rejects.toThrow(index.root.digest);
    await expect(takeByRunning({ ...engine, run: async () => index.output })('app', single)).rejects.toThrow('its program printed');
  });
});

describe('a cell', () => {
  const session = (way: () => Promise<void>) => ({ ways: { way }, close: async () => {} });

  test('is the short word for what a client said, or its last line', async () => {
    const refuse = (message: string) =>
      askClient(
        session(() => Promise.reject(new Refusal(message))),
        place,
      );
    expect((await refuse('HTTP HEAD request missing required header "Docker-Content-Digest"')).column).toEqual({
      way: 'wants the digest header',
    });
    expect((await refuse('first\nsomething new')).column).toEqual({ way: 'unexplained: something new' });
    expect(formatReason(new Refusal('denied'))).toBe('unexplained: denied');
  });

  test('is never made of a mistake in the test itself', async () => {
    await expect(
      askClient(
        session(() => Promise.reject(new TypeError('a mistake'))),
        place,
      ),
    ).rejects.toThrow('a mistake');
  });
});

describe('the words of a request log', () => {
  const line = (method: string, path: string, status = 200): string => `${method} ${path} ${status}`;
  const below = '/v2/team/static';
  const [indexDigest = '', childDigest = '', configDigest = ''] = images.index.digests;

  test('stand where they came first, and end at the first request for another image', () => {
    const log = [
      '# Check whether this is a registry',
      line('GET', '/v2/'),
      line('HEAD', `${below}/manifests/index`),
      line('GET', `${below}/manifests/${indexDigest}`),
      line('GET', `${below}/manifests/${childDigest}`),
      line('GET', `${below}/blobs/${configDigest}`),
      line('GET', `${below}/blobs/${configDigest}`),
      line('GET', `${below}/manifests/sha256-0.sig`, 404),
      line('GET', '/v2/'),
      line('GET', `${below}/manifests/${images.pinned.root.digest}`),
      line('GET', `${below}/tags/list`),
    ].join('\n');
    expect(listRequestWords(log, place)).toEqual([
      'GET /v2/',
      'HEAD tag',
      'GET index by digest',
      'GET manifest by digest',
      'GET blob',
      'GET /v2/team/static/manifests/sha256-0.sig (404)',
    ]);
  });
});

async function writeWhole({ graph, digests }: TestImage, folder: string): Promise<void> {
  await mkdir(join(folder, 'blobs'));
  for (const digest of digests) {
    await writeFile(join(folder, 'blobs', digest.replace(':', '-')), graph.manifests.get(digest) ?? graph.blobs.get(digest) ?? '');
  }
}
