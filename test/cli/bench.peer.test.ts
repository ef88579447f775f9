import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { openBucket } from '../../src/runtime/open-bucket.node.ts';
import { folderTest as it } from '../images/folder-test.ts';
import { startCraneRegistry } from '../peers/crane-registry.ts';
import { startMinio } from '../peers/minio.ts';
import { peerPath } from '../peers/peer-cache.ts';
import { describePeer } from '../peers/require-peer.ts';
import { createPeerBucket } from '../peers/s3-peer.ts';
import { parseBenchResult } from './bench-schema.ts';
import { openCommandLine } from './command-line.ts';

const mebibyte = 2 ** 20;

describePeer(['minio', 'crane'], 'a bench of a registry and a bucket', () => {
  it('measures all who are there, and leaves both as they were', async ({ folder }) => {
    const [minio, registry] = [await startMinio(), await startCraneRegistry()];
    try {
      await createPeerBucket(minio, 'bucket');
      const environment = {
        AWS_ACCESS_KEY_ID: minio.accessKeyId,
        AWS_SECRET_ACCESS_KEY: minio.secretAccessKey,
        AWS_ENDPOINT_URL_S3: minio.endpoint,
        PATH: dirname(peerPath('crane')),
      };
      const words = ['--bucket', 's3://bucket', '--registry', `${registry.host}/team/bench`, '--size', '2MiB', '--runs', '2'];
      const { code, stdout, stderr } = await openCommandLine({ folder, environment }).run(
        'bench',
        ...words,
        '--peers',
        'crane,skopeo',
        '--json',
        '--svg',
        'plot.svg',
        '--html',
        'page.html',
      );
      expect(code, stderr).toBe(0);
      const result = parseBenchResult(stdout);
      expect(result.contestants.map(({ name }) => name)).toEqual(['registry-push', 'crane', 'bucket-sequential', 'bucket-parallel']);
      for (const { name, runs, summary, failure } of result.contestants) {
        expect(runs, `${name}: ${failure}`).toHaveLength(2);
        expect(summary?.mibPerSecond.median).toBeCloseTo(2 / (summary?.seconds.median ?? 0), 1);
        if (process.platform === 'linux') expect(summary?.peakBytes).toBeGreaterThan(mebibyte);
      }
      expect(result.skipped).toEqual([{ name: 'skopeo', reason: 'it is not on PATH' }]);
      expect(result.leftovers).toEqual([]);
      expect(await readFile(join(folder, 'plot.svg'), 'utf8')).toContain('registry push by crane');
      expect(await readFile(join(folder, 'page.html'), 'utf8')).toContain('bucket, parallel');

      const bucket = await openBucket({ kind: 's3', bucket: 'bucket' }, { environment });
      expect(await Array.fromAsync(bucket.list())).toEqual([]);
      await bucket.close();
      const tags = (await (await fetch(`http://${registry.host}/v2/team/bench/tags/list`)).json()) as { tags?: string[] | null };
      expect(tags.tags ?? []).toEqual([]);
      const blobs = await readdir(join(registry.home, 'blobs'), { recursive: true, withFileTypes: true });
      expect(blobs.filter((entry) => entry.isFile())).toEqual([]);
    } finally {
      await Promise.all([minio.close(), registry.close()]);
    }
  });
});
