/*
 * Kills pushes and writes docs/kill-table.md: `npm run kill-nine`, or `node test/faults/kill-nine/write-kill-table.ts [--kills 200] [--seed N] [--store directory|objects|opaque]…`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createTemporaryFolder } from '../../peers/temporary-folder.ts';
import { formatKillTable, killResultsFile, killTablePage } from './format-kill-table.ts';
import { type KillResult, listViolations, summarise } from './kill-results.ts';
import { runKills } from './kill-run.ts';
import { openDirectoryStores, openObjectStores, openServerStores } from './open-kill-stores.ts';

/** Each with its share of the kills. */
const stores = {
  directory: { share: 0.5, open: openDirectoryStores },
  objects: { share: 0.5, open: openObjectStores },
  opaque: { share: 0.1, open: () => openServerStores('opaque-etags') },
};
type StoreName = keyof typeof stores;
const isStoreName = (name: string): name is StoreName => Object.hasOwn(stores, name);

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now()) },
    store: { type: 'string', multiple: true, default: Object.keys(stores) },
  },
});
const [kills, seed, date] = [Number(values.kills), Number(values.seed), new Date().toISOString().slice(0, 10)];

async function runOn(name: StoreName): Promise<KillResult> {
  const { share, open } = stores[name];
  const folder = await createTemporaryFolder('kills');
  const { close, ...opened } = await open();
  try {
    const run = await runKills({ ...opened, kills: Math.ceil(kills * share), folder: folder.path, seed });
    const violations = listViolations(run);
    for (const violation of violations) console.error(violation);
    console.error(`${name}: ${violations.length} violations`);
    if (violations.length > 0) process.exitCode = 1;
    return summarise(run, date, seed);
  } finally {
    await close();
    await folder.remove();
  }
}

const found = await Promise.all(values.store.filter(isStoreName).map(runOn));
const before = JSON.parse(await readFile(killResultsFile, 'utf8').catch(() => '[]')) as readonly KillResult[];
const others = before.filter(({ store }) => !found.some((result) => result.store === store));
const results = [...others, ...found].toSorted((a, b) => (a.store < b.store ? -1 : 1));
await writeFile(killResultsFile, `${JSON.stringify(results, undefined, 2)}\n`);
await writeFile(killTablePage, formatKillTable(results));
