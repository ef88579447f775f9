import { readFile, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { commands } from './commands.ts';
import { type DocumentedCommand, formatDocsPage } from './docs-page.ts';

/** Where the page lies, seen from here. */
export const docsPage: URL = new URL('../../docs/cli.md', import.meta.url);

/** The page as it must be. */
export async function makeDocsPage(): Promise<string> {
  const documented: DocumentedCommand[] = [];
  for (const entry of Object.values(commands)) documented.push({ summary: entry.summary, command: await entry.load() });
  return formatDocsPage(documented);
}

/** Writes the page; with `--check` only says whether it is as it must be. */
async function main(words: readonly string[]): Promise<void> {
  const page = await makeDocsPage();
  if (!words.includes('--check')) return writeFile(docsPage, page);
  if ((await readFile(docsPage, 'utf8').catch(() => '')) === page) return;
  console.error('docs/cli.md is not what src/cli says: run "npm run docs"');
  process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
