import { cp, mkdir, mkdtemp, open, readdir, readFile, realpath, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collect, expectCode, listKeys, patternBytes, readText, textSource } from '../../../test/contract/bucket-contract-harness.ts';
import { bytesSource } from '../../streams/byte-source.ts';
import { digestHex } from '../../streams/hasher.ts';
import type { Bucket } from '../bucket.ts';
import { toObjectKey } from '../object-key.ts';
import { openDirectoryBucket } from './directory-bucket.node.ts';
import { formatETag, isRecordOfBytes, type ObjectRecord } from './object-record.node.ts';
import { digestKey } from './spell-key.ts';

const key = toObjectKey('v2/app/blobs/sha256:ab');
const type = 'application/vnd.oci.image.manifest.v1+json';
const dayMs = 86_400_000;

let folder: string;
let root: string;
let bucket: Bucket;
const internal = (...names: readonly string[]): string => join(root, '.directory-bucket', ...names);

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'bucketry-directory-')));
  root = join(folder, 'bucket');
  bucket = await openDirectoryBucket({ root, create: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('on the disk', () => {
  it("an object's bytes lie at its key", async () => {
    await bucket.put(key, textSource('blob'), { contentType: 'application/octet-stream' });
    await bucket.put(toObjectKey('v2/'), textSource(''));
    expect(await readFile(join(root, key), 'utf8')).toBe('blob');
    expect((await readdir(root)).sort()).toEqual(['.directory-bucket', 'v2']);
  });

  it('a manifest is also linked below its type, until it has another type or is gone', async () => {
    const manifest = toObjectKey('v2/app/manifests/1.0');
    const linked = async (contentType: string): Promise<string | undefined> =>
      readFile(internal('types', contentType, manifest), 'utf8').catch(() => undefined);
    await bucket.put(manifest, textSource('one'), { contentType: type });
    expect(await linked(type)).toBe('one');
    await bucket.put(manifest, textSource('two'), { contentType: 'application/json' });
    expect([await linked(type), await linked('application/json')]).toEqual([undefined, 'two']);
    await bucket.delete(manifest);
    expect(await linked('application/json')).toBeUndefined();
    expect(await readdir(internal('types'))).toEqual([]);
  });

  it('nothing is left of an object that was deleted, nor of a put that failed', async () => {
    await bucket.put(key, textSource('blob'), { contentType: type });
    await expectCode(bucket.put(key, textSource('other'), { ifNoneMatch: '*' }), 'precondition-failed');
    await expectCode(bucket.put(toObjectKey('v2/b'), { ...textSource('short'), size: 9 }), 'size-mismatch');
    await bucket.delete(key);
    expect(await readdir(root)).toEqual(['.directory-bucket']);
    const left = await readdir(internal(), { recursive: true, withFileTypes: true });
    expect(left.filter((entry) => entry.isFile()).map((entry) => entry.name)).toEqual(['format.json']);
  });

  it('names are spelled so that any file system holds them, where that was chosen', async () => {
    const portable = join(folder, 'portable');
    await (await openDirectoryBucket({ root: portable, create: true, spelling: 'portable' })).put(key, textSource('blob'));
    expect(await readFile(join(portable, 'v2/app/blobs/sha256%3Aab'), 'utf8')).toBe('blob');
    expect(await listKeys(await openDirectoryBucket({ root: portable }), {})).toEqual([key]);
  });
});

describe('a root', () => {
  it('that is missing is an error, unless it is to be made', async () => {
    const missing = join(folder, 'not/there');
    await expectCode(openDirectoryBucket({ root: missing }), 'bucket-missing');
    await openDirectoryBucket({ root: missing, create: true });
    await openDirectoryBucket({ root: missing });
  });

  it('that is a file is no bucket', async () => {
    await writeFile(join(folder, 'file'), '');
    await expectCode(openDirectoryBucket({ root: join(folder, 'file') }), 'bucket-missing');
  });

  it('that went away is said to be missing', async () => {
    await rm(root, { recursive: true });
    await expectCode(bucket.get(key), 'bucket-missing');
    await expectCode(bucket.head(key), 'bucket-missing');
    await expectCode(bucket.put(key, textSource('x')), 'bucket-missing');
    await expectCode(collect(bucket.list()), 'bucket-missing');
  });

  it('of a newer version is refused', async () => {
    await writeFile(internal('format.json'), JSON.stringify({ version: 2, spelling: 'plain' }));
    await expectCode(openDirectoryBucket({ root }), 'response-invalid');
  });

  it('may be reached through a link', async () => {
    await symlink(root, join(folder, 'link'));
    const linked = await openDirectoryBucket({ root: join(folder, 'link') });
    await linked.put(key, textSource('through a link'));
    expect(await readText(bucket, key)).toBe('through a link');
  });
});

describe('a link below the root', () => {
  const leading = toObjectKey('v2/out/secret');
  beforeEach(async () => {
    await mkdir(join(folder, 'outside'));
    await writeFile(join(folder, 'outside/secret'), 'secret');
    await mkdir(join(root, 'v2'));
    await symlink(join(folder, 'outside'), join(root, 'v2/out'));
    await symlink(join(folder, 'outside/secret'), join(root, 'v2/file'));
  });

  it.each([leading, toObjectKey('v2/file')])('leads nobody out: %s', async (target) => {
    await expectCode(bucket.get(target), 'access-denied');
    await expectCode(bucket.head(target), 'access-denied');
    await expectCode(bucket.put(target, textSource('changed')), 'access-denied');
    await expectCode(bucket.copy!(target, key), 'access-denied');
    await expectCode(bucket.delete(target), 'access-denied');
    expect(await readFile(join(folder, 'outside/secret'), 'utf8')).toBe('secret');
    expect(await listKeys(bucket, {})).toEqual([]);
  });

  it('lets nobody make anything outside', async () => {
    await expectCode(bucket.put(toObjectKey('v2/out/new/folder/file'), textSource('x')), 'access-denied');
    expect(await readdir(join(folder, 'outside'))).toEqual(['secret']);
  });

  it('in place of our own folder is refused', async () => {
    await mkdir(join(folder, 'second'));
    await symlink(join(folder, 'outside'), join(folder, 'second/.directory-bucket'));
    await expectCode(openDirectoryBucket({ root: join(folder, 'second') }), 'access-denied');
  });
});

describe('a bucket that was copied or restored', () => {
  it('keeps its headers though the files have new times', async () => {
    const large = toObjectKey('v2/app/blobs/sha256:cd');
    await bucket.put(key, textSource('manifest'), { contentType: type, metadata: { digest: 'x' } });
    await bucket.put(large, bytesSource(patternBytes(9_000_000)), { contentType: 'application/octet-stream', cacheControl: 'immutable' });
    await cp(root, join(folder, 'copy'), { recursive: true });
    await utimes(join(folder, 'copy', key), 1000, 1000);
    await utimes(join(folder, 'copy', large), 1000, 1000);
    const copy = await openDirectoryBucket({ root: join(folder, 'copy') });
    const before = await bucket.head(key);
    expect(await copy.head(key)).toEqual({ ...before, lastModified: new Date(1_000_000) });
    expect(await copy.head(large)).toMatchObject({ cacheControl: 'immutable' });
    await copy.put(key, textSource('replaced'), { ifMatch: before?.etag });
    expect(await readText(copy, key)).toBe('replaced');
  });

  it('shows files that were put there by other means, without headers', async () => {
    await mkdir(join(root, 'v2'));
    await writeFile(join(root, 'v2/stranger'), 'hello');
    const info = await bucket.head(toObjectKey('v2/stranger'));
    expect(info).toMatchObject({ size: 5, metadata: {} });
    expect(info?.contentType).toBeUndefined();
    expect(await readText(bucket, toObjectKey('v2/stranger'))).toBe('hello');
  });

  it('takes no headers from another version of the same size', async () => {
    await bucket.put(key, textSource('one'), { contentType: 'text/one' });
    await writeFile(join(root, key), 'two');
    await utimes(join(root, key), 1000, 1000);
    expect((await bucket.head(key))?.contentType).toBeUndefined();
  });
});

describe('a reader beside a writer', () => {
  it('never pairs the bytes of one version with the headers of another', async () => {
    const versions = ['one', 'two', 'six'];
    const hasty = await openDirectoryBucket({ root, fsync: false });
    await hasty.put(key, textSource('one'), { metadata: { text: 'one' } });
    const write = async (): Promise<void> => {
      for (let round = 0; round < 300; round++) {
        const text = versions[round % versions.length] ?? '';
        await hasty.put(key, textSource(text), { metadata: { text } });
      }
    };
    const written = new AbortController();
    const writing = write().finally(() => written.abort());
    const mixed: unknown[] = [];
    while (!written.signal.aborted) {
      const content = await bucket.get(key);
      const text = Buffer.concat(await Array.fromAsync(content?.body ?? [])).toString();
      if (content?.metadata['text'] !== text) mixed.push([text, content?.metadata]);
    }
    await writing;
    expect(mixed).toEqual([]);
  });

  it('holds a record against the bytes that are open, whatever the path names by then', async () => {
    const [path, next] = [join(folder, 'object'), join(folder, 'next')];
    await writeFile(path, 'one');
    await writeFile(next, 'two');
    const recordOf = (text: string): ObjectRecord => ({
      key,
      size: 3,
      mtimeMs: 0,
      etag: formatETag(digestHex('sha256', Buffer.from(text))),
    });
    const handle = await open(path);
    try {
      const stats = await handle.stat();
      await rename(next, path);
      expect(await isRecordOfBytes(recordOf('two'), handle, stats)).toBe(false);
      expect(await isRecordOfBytes(recordOf('one'), handle, stats)).toBe(true);
    } finally {
      await handle.close();
    }
  });
});

describe('a lock', () => {
  const lock = (): string => internal('locks', digestKey(key));
  const put = (): Promise<unknown> => bucket.put(key, textSource('x'), { signal: AbortSignal.timeout(300) });
  const oldDate = new Date(Date.now() - 700_000);

  it('of a process that is gone is broken', async () => {
    const own = JSON.parse(await readOwnLock()) as object;
    await writeFile(lock(), JSON.stringify({ ...own, pid: 2 ** 22 + 1 }));
    await put();
  });

  it('of a running process is waited for', async () => {
    const own = await readOwnLock();
    await writeFile(lock(), own);
    await expectCode(put(), 'aborted');
    expect(await readFile(lock(), 'utf8')).toBe(own);
  });

  it('of another host is waited for while it is young', async () => {
    await writeFile(lock(), JSON.stringify({ host: 'elsewhere', pid: 1, nonce: 'x' }));
    await expectCode(put(), 'aborted');
    await utimes(lock(), oldDate, oldDate);
    await put();
  });

  it('that was cut off by a crash is broken when it is old', async () => {
    await writeFile(lock(), '');
    await expectCode(put(), 'aborted');
    await utimes(lock(), oldDate, oldDate);
    await put();
  });

  it('that is stale is broken by one of many', async () => {
    await writeFile(lock(), JSON.stringify({ host: 'elsewhere', pid: 1, nonce: 'x' }));
    await utimes(lock(), oldDate, oldDate);
    const puts = Array.from({ length: 20 }, (_, index) => bucket.put(key, textSource(`${index}`), { ifNoneMatch: '*' }));
    const settled = await Promise.allSettled(puts);
    expect(settled.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(internal('locks'))).toEqual([]);
  });

  /** What this process writes into a lock, caught while it holds one. */
  async function readOwnLock(): Promise<string> {
    const caught: string[] = [];
    const writing = Array.from({ length: 30 }, () => bucket.put(key, textSource('x')));
    while (caught.length === 0)
      caught.push(
        ...(await readFile(lock(), 'utf8').then(
          (text) => (text === '' ? [] : [text]),
          () => [],
        )),
      );
    await Promise.all(writing);
    return caught[0] ?? '';
  }
});

describe('when it is opened', () => {
  it('removes what is left over and old, and leaves what is young', async () => {
    const upload = await bucket.multipart!.create(key, { size: 1, partSize: 1 });
    await writeFile(internal('temporary/young'), 'x');
    await writeFile(internal('temporary/old'), 'x');
    await mkdir(internal('completing/old'));
    const [twoDays, twoWeeks] = [2, 14].map((days) => new Date(Date.now() - days * dayMs));
    await utimes(internal('temporary/old'), twoDays!, twoDays!);
    await utimes(internal('completing/old'), twoDays!, twoDays!);
    await openDirectoryBucket({ root });
    expect(await readdir(internal('temporary'))).toEqual(['young']);
    expect(await readdir(internal('completing'))).toEqual([]);
    expect(await readdir(internal('uploads'))).toEqual([upload.uploadId]);
    await utimes(internal('uploads', upload.uploadId), twoWeeks!, twoWeeks!);
    await openDirectoryBucket({ root });
    expect(await readdir(internal('uploads'))).toEqual([]);
  });

  it('ends a delete that was cut off, and forgets a change that was cut off while it was written', async () => {
    await bucket.put(key, textSource('x'), { contentType: type });
    const change = JSON.parse(await readFile(internal('headers', digestKey(key).slice(0, 2), `${digestKey(key)}.json`), 'utf8')) as object;
    await writeFile(internal('pending', `${digestKey(key)}.json`), JSON.stringify({ ...change, kind: 'delete' }));
    await rm(join(root, key));
    await writeFile(internal('pending', 'cut.json'), '{"kind":"pu');
    await utimes(internal('pending', 'cut.json'), 1000, 1000);
    await openDirectoryBucket({ root });
    expect(await readdir(internal('pending'))).toEqual([]);
    expect(await readdir(internal('types'))).toEqual([]);
  });
});
