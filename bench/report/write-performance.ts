import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nameOf, readResults } from '../results.ts';
import { formatPerformance } from './format-performance.ts';
import { formatScenarioPlot, isPlotted } from './format-scenario-plot.ts';

const docs = fileURLToPath(new URL('../../docs', import.meta.url));

/** Writes `docs/performance.md` and its plots anew from all results that were kept. */
export async function writePerformance(): Promise<void> {
  const results = await readResults();
  const page = formatPerformance(results);
  const plots = join(docs, 'performance');
  await rm(plots, { recursive: true, force: true }); // a scenario may be gone
  await mkdir(plots, { recursive: true });
  for (const result of results.filter(isPlotted)) await writeFile(join(plots, `${nameOf(result)}.svg`), formatScenarioPlot(result));
  await writeFile(join(docs, 'performance.md'), page);
}
