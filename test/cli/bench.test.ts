import { readdir } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import { folderTest as it } from '../images/folder-test.ts';
import type { Fault, FaultTarget } from '../s3-server/faults.ts';
import { startS3Server } from '../s3-server/server.ts';
import { parseBenchResult } from './bench-schema.ts';
import { openCommandLine } from './command-line.ts';

const mebibyte = 2 ** 20;
/** Each run is a few processes. */
const timeout = 120_000;

const isDeletion = ({ operation }: FaultTarget): boolean => operation === 'DeleteObjects';

/** A store, and a command line that knows its keys and finds no other program. */
async function openStore(folder: string, bytesPerSecond?: number, faults: readonly Fault[] = []) {
  const server = await startS3Server({ buckets: ['bucket'], faults, ...(bytesPerSecond !== undefined && { bytesPerSecond }) });
  const { accessKeyId, secretAccessKey } = server.credentials;
  const environment = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_ENDPOINT_URL_S3: server.endpoint,
    PATH: folder,
    TMPDIR: folder,
  };
  return { server, commandLine: openCommandLine({ folder, environment }) };
}

describe('a bench of a bucket alone', () => {
  it('measures one connection against many, names whom it skips, and leaves the bucket as it was', { timeout }, async ({ folder }) => {
    const { server, commandLine } = await openStore(folder);
    try {
      const words = ['--bucket', 's3://bucket', '--size', '128KiB', '--layers', '2', '--runs', '2', '--peers', 'crane,aws'];
      const { code, stdout, stderr } = await commandLine.run('bench', ...words, '--json');
      expect(code, stderr).toBe(0);
      const result = parseBenchResult(stdout);
      expect(result).toMatchObject({ bucket: 's3://bucket', layers: 2, bytes: 256 * 1024, rounds: 2, leftovers: [] });
      expect(result.contestants.map(({ name, runs }) => [name, runs.length])).toEqual([
        ['bucket-sequential', 2],
        ['bucket-parallel', 2],
      ]);
      expect(result.comparisons).toMatchObject([{ with: 'bucket-sequential', verdict: 'too few runs' }]);
      expect(result.skipped).toEqual([
        { name: 'crane', reason: 'it wants --registry' },
        { name: 'aws', reason: 'it sends one file, the layer: it wants --layers 1' },
      ]);
      expect(stderr).toMatch(
        /^Sending 2 layers of 0\.1 MiB, 2 times for each of 2 contestants: 1\.0 MiB to s3:\/\/bucket \(bucketry-bench-[0-9a-f]{8}\)\. All/m,
      );
      expect([server.objects('bucket'), server.uploads('bucket')]).toEqual([[], []]);
      expect(await readdir(folder)).toEqual([]);
    } finally {
      await server.close();
    }
  });

  it('removes what it has sent when it is stopped', { timeout }, async ({ folder }) => {
    const { server, commandLine } = await openStore(folder, mebibyte);
    try {
      const bench = await commandLine.start('bench', '--bucket', 's3://bucket', '--size', '16MiB');
      await expect.poll(() => server.uploads('bucket').length, { timeout: 20_000 }).toBe(1);
      const stoppedAtMs = performance.now();
      bench.signal('SIGINT');
      const { code, stdout, stderr } = await bench.ended;
      expect(performance.now() - stoppedAtMs).toBeLessThan(5000);
      expect({ code, stdout }, stderr).toEqual({ code: 130, stdout: '' });
      expect([server.objects('bucket'), server.uploads('bucket')]).toEqual([[], []]);
      expect(await readdir(folder)).toEqual([]);
    } finally {
      await server.close();
    }
  });

  it(
    'gives its result although a report cannot be written, and names what could not be removed at the end',
    { timeout },
    async ({ folder }) => {
      // Two runs have removed what they sent by then; it is the format's turn, however often it is tried
      const faults = Array.from({ length: 30 }, (_, index) => 3 + index).map((at): Fault => ({
        at,
        mode: 'error-500',
        matches: isDeletion,
      }));
      const { server, commandLine } = await openStore(folder, undefined, faults);
      try {
        const words = ['--bucket', 's3://bucket', '--size', '64KiB', '--runs', '1', '--svg', '.', '--json'];
        const { code, stdout, stderr } = await commandLine.run('bench', ...words);
        expect(stderr).toContain('still there: what a first push writes into the bucket');
        expect(stderr).toContain('output-failed');
        expect(code).toBe(3);
        expect(parseBenchResult(stdout).leftovers).toEqual([expect.stringContaining('what a first push writes')]);
        expect(server.objects('bucket').map(({ key }) => key)).toEqual(['_bucketry/format', 'v2/']);
      } finally {
        await server.close();
      }
    },
  );

  it('fails before it sends anything where the bucket is not there, or a report cannot be written', { timeout }, async ({ folder }) => {
    const { server, commandLine } = await openStore(folder);
    try {
      const missing = await commandLine.run('bench', '--bucket', 's3://nowhere', '--size', '64KiB', '--runs', '1');
      expect(missing).toMatchObject({ code: 4, stdout: '' });
      expect(missing.stderr).toContain('bucket-missing');
      const unwritable = await commandLine.run('bench', '--bucket', 's3://bucket', '--html', 'no/such/folder/a.html');
      expect(unwritable.stderr).toContain('output-failed');
      expect(server.objects('bucket')).toEqual([]);
    } finally {
      await server.close();
    }
  });
});
