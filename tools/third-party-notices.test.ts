import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { folderTest as it } from '../test/images/folder-test.ts';
import { formatThirdPartyNotices } from './third-party-notices.ts';

/** Installs a package; gives one of its files. */
async function install(folder: string, name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const root = join(folder, 'node_modules', name);
  await mkdir(root, { recursive: true });
  await writeFile(join(root, 'package.json'), JSON.stringify({ name, version: '1.2.3', license: 'MIT' }));
  for (const [file, text] of Object.entries(files)) await writeFile(join(root, file), text);
  return join(root, 'dist', 'index.js');
}

describe('formatThirdPartyNotices', () => {
  it('gives the licence of each package once, in the order of names, and none of our own files', async ({ folder }) => {
    const two = await install(folder, 'two', { 'LICENSE.md': 'Permission of two\n' });
    const scoped = await install(folder, '@one/part', { licence: 'Permission of one\n' });
    const nested = await install(join(folder, 'node_modules', 'two'), 'three', { COPYING: 'Permission of three' });
    const again = await install(join(folder, 'node_modules', 'three'), 'two', { 'LICENSE.md': 'Permission of two\n' });
    const notices = await formatThirdPartyNotices([two, join(folder, 'src/main.ts'), scoped, two, nested, again]);
    expect(notices.match(/^.* 1\.2\.3 \(MIT\)\n\n.*$/gm)).toEqual([
      '@one/part 1.2.3 (MIT)\n\nPermission of one',
      'three 1.2.3 (MIT)\n\nPermission of three',
      'two 1.2.3 (MIT)\n\nPermission of two',
    ]);
  });

  it('refuses a package without a licence', async ({ folder }) => {
    const file = await install(folder, 'bare', {});
    await expect(formatThirdPartyNotices([file])).rejects.toThrow('Cannot bundle "bare": there is no licence in');
  });
});
