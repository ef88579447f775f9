import { readFile } from 'node:fs/promises';
import type { Results } from './matrix.ts';

/** What happened when `write-compatibility.ts` was last run. */
export const RESULTS_FILE: URL = new URL('results.json', import.meta.url);
/** The page that is made of it. */
export const PAGE_FILE: URL = new URL('../../docs/compatibility.md', import.meta.url);

/** Reads the results as they are committed. */
export async function readResults(): Promise<Results> {
  return JSON.parse(await readFile(RESULTS_FILE, 'utf8')) as Results;
}
