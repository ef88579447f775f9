import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFingerprint } from '../streams/fingerprint.ts';
import { createDigestThread } from './digest-thread.node.ts';
import type { FileToDigest } from './file-digest.ts';

const bytes = Uint8Array.from({ length: 700_000 }, (_, index) => (index * 31 + (index >> 8)) % 251);
const hexOf = (part: Uint8Array, algorithm = 'sha256'): string => createHash(algorithm).update(part).digest('hex');
const signal = new AbortController().signal;
let folder: string;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bucketry-digest-'));
  path = join(folder, 'file');
  await writeFile(path, bytes);
});
afterAll(() => rm(folder, { recursive: true }));

function fileOf(start: number, end: number, partBytes: number): FileToDigest {
  const size = end - start;
  const partEnds = Array.from({ length: Math.ceil(size / partBytes) }, (_, index) => Math.min((index + 1) * partBytes, size));
  return { path, start, end, algorithm: 'sha256', partEnds };
}

function fingerprintOf(part: Uint8Array): string {
  const fingerprint = createFingerprint();
  fingerprint.update(part);
  return fingerprint.value();
}

describe('a thread that digests files', () => {
  test('gives the digest of a range, and of each part the fingerprint that this thread would give', async () => {
    const digestFile = createDigestThread();
    const range = bytes.subarray(1000, 601_000);
    const found = await digestFile(fileOf(1000, 601_000, 300_001), signal);
    expect(found).toMatchObject({
      digest: hexOf(range),
      fingerprints: [fingerprintOf(range.subarray(0, 300_001)), fingerprintOf(range.subarray(300_001))],
    });
  });

  test('digests several files at once, by SHA-512 too', async () => {
    const digestFile = createDigestThread();
    const found = await Promise.all([
      digestFile(fileOf(0, 10, 10), signal),
      digestFile({ ...fileOf(5, 400_000, 100_000), algorithm: 'sha512' }, signal),
      digestFile(fileOf(0, 0, 10), signal),
    ]);
    expect(found.map((one) => one?.digest)).toEqual([
      hexOf(bytes.subarray(0, 10)),
      hexOf(bytes.subarray(5, 400_000), 'sha512'),
      hexOf(new Uint8Array()),
    ]);
  });

  test.each([
    ['that is not there', (file: FileToDigest) => ({ ...file, path: `${file.path}-gone` })],
    ['that is too short', (file: FileToDigest) => ({ ...file, start: 600_000 })],
    ['that is a folder', (file: FileToDigest) => ({ ...file, path: folder })],
  ])('gives nothing for a file %s, and goes on with the next', async (_, spoil) => {
    const digestFile = createDigestThread();
    expect(await digestFile(spoil(fileOf(0, 200_000, 100_000)), signal)).toBeUndefined();
    expect((await digestFile(fileOf(0, 10, 10), signal))?.digest).toBe(hexOf(bytes.subarray(0, 10)));
  });

  test('ends a job whose signal aborts', async () => {
    const digestFile = createDigestThread();
    const sparse = join(folder, 'sparse');
    await writeFile(sparse, '');
    await truncate(sparse, 1e12);
    const stop = new AbortController();
    const digesting = digestFile({ path: sparse, start: 0, end: 1e12, algorithm: 'sha256', partEnds: [1e12] }, stop.signal);
    setTimeout(() => stop.abort(), 50);
    expect(await digesting).toBeUndefined();
    expect((await digestFile(fileOf(0, 10, 10), signal))?.digest).toBe(hexOf(bytes.subarray(0, 10)));
    expect(await digestFile(fileOf(0, 10, 10), stop.signal)).toBeUndefined();
  });

  test('keeps nobody waiting for another file whose own signal aborts', async () => {
    const digestFile = createDigestThread();
    const sparse = join(folder, 'large');
    await writeFile(sparse, '');
    await truncate(sparse, 1e12);
    const [first, second] = [new AbortController(), new AbortController()];
    const large: FileToDigest = { path: sparse, start: 0, end: 1e12, algorithm: 'sha256', partEnds: [1e12] };
    const busy = digestFile(large, first.signal);
    const waiting = digestFile(fileOf(0, 10, 10), second.signal);
    setTimeout(() => second.abort(), 50);
    expect(await waiting).toBeUndefined();
    first.abort();
    expect(await busy).toBeUndefined();
  });

  test('does not keep the process alive', async () => {
    const module = fileURLToPath(new URL('./digest-thread.node.ts', import.meta.url));
    const program = `
      const { createDigestThread } = await import(${JSON.stringify(module)});
      const found = await createDigestThread()(${JSON.stringify(fileOf(0, 10, 10))}, new AbortController().signal);
      console.log(found.digest);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { timeout: 20_000 });
    expect(stdout.trim()).toBe(hexOf(bytes.subarray(0, 10)));
  });
});
