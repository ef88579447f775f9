import { test, type TestAPI } from 'vitest';
import { createTemporaryFolder } from '../peers/temporary-folder.ts';

/** A `test` with an empty folder of its own, `folder`, that goes away with it. */
export const folderTest: TestAPI<{ folder: string }> = test.extend<{ folder: string }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest reads from the pattern that nothing else is needed
  folder: async ({}, use) => {
    const folder = await createTemporaryFolder('test');
    await use(folder.path);
    await folder.remove();
  },
});
