import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, vi } from 'vitest';
import { folderTest as test } from '../../images/folder-test.ts';
import { formatKillTable, killResultsFile, killTablePage } from './format-kill-table.ts';
import { type KillResult, listViolations } from './kill-results.ts';
import { runKills } from './kill-run.ts';
import { type KillStores, openDirectoryStores, openObjectStores, openServerStores } from './open-kill-stores.ts';

/** As many in every run of the tests; `npm run kill-nine` does more. */
const killCounts = { directory: 8, objects: 8, opaque: 4 };

const stores: readonly (readonly [string, number, () => KillStores | Promise<KillStores>])[] = [
  ['a directory', killCounts.directory, openDirectoryStores],
  ['an S3 store', killCounts.objects, openObjectStores],
  ['a store whose ETags tell nothing', killCounts.opaque, () => openServerStores('opaque-etags')],
];

test.for(stores)(
  'pushes to %s that are killed at random moments break no reader, and go on from what was acknowledged',
  { timeout: 280_000 },
  async ([, kills, open], { folder }) => {
    const { close, ...opened } = await open();
    try {
      const seed = Date.now();
      const run = await runKills({ ...opened, kills, folder, seed });
      expect(listViolations(run), `seed ${seed}`).toEqual([]);
      expect(run.cells.flatMap(({ rounds }) => rounds.flatMap(({ phases }) => phases)).length).toBeGreaterThanOrEqual(kills);
    } finally {
      await close();
    }
  },
);

test('in CI a MinIO that is missing is an error, and nothing stands in for it', async ({ folder }) => {
  vi.stubEnv('BUCKETRY_PEERS', folder).stubEnv('CI', 'true');
  onTestFinished(() => void vi.unstubAllEnvs());
  await expect(openObjectStores()).rejects.toThrow('needs minio');
});

test('docs/kill-table.md shows the last run of each store, without a violation', async () => {
  const results = JSON.parse(await readFile(killResultsFile, 'utf8')) as readonly KillResult[];
  expect(await readFile(killTablePage, 'utf8')).toBe(formatKillTable(results));
  expect(results.flatMap(({ rows, left }) => [...rows.map(({ violations }) => violations), left]).filter((count) => count > 0)).toEqual([]);
});
