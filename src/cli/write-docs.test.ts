import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { commands } from './commands.ts';
import { docsPage, makeDocsPage } from './write-docs.node.ts';

describe('docs/cli.md', () => {
  it('is what the commands say of themselves; if not, run "npm run docs"', async () => {
    expect(await readFile(docsPage, 'utf8')).toBe(await makeDocsPage());
  });

  it('has a section for each command, under its own name', async () => {
    const page = await makeDocsPage();
    for (const [name, entry] of Object.entries(commands)) {
      expect((await entry.load()).name).toBe(name);
      expect(page).toContain(`\n## bucketry ${name}\n`);
    }
  });
});
