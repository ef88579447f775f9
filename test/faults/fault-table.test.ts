import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { FAULT_MODES } from '../s3-server/faults.ts';
import { PERSONALITIES } from '../s3-server/personalities.ts';
import { operations } from './fault-operations.ts';
import { storeNames } from './fault-stage.ts';
import { faultTablePage, formatPage } from './format-fault-table.ts';

/** A page with its numbers of points and failures left out: they differ by a few from run to run, since requests go side by side. */
const withoutPoints = (page: string): string => page.replace(/\b[1-9]\d* (?=\/ |points|ended|orphans)/g, 'some ');

describe('docs/fault-table.md', () => {
  test('has every command, mode and store of the table, points in each cell, and no violation', async () => {
    const cells = operations.flatMap(({ name, stores = storeNames }) =>
      stores.flatMap((store) =>
        FAULT_MODES.map((mode) => ({ operation: name, mode, store, points: 1, failures: 1, orphans: 1, violations: [] })),
      ),
    );
    expect(withoutPoints(await readFile(faultTablePage, 'utf8'))).toBe(withoutPoints(formatPage(cells)));
  });

  test('leaves out only stores whose listings lag behind, which the format does not take, and those that differ only in what they tell of uploads or how they check parts', () => {
    const lacking = Object.entries(PERSONALITIES).filter(([name]) => !storeNames.some((store) => store === name));
    const { aws } = PERSONALITIES;
    const described = lacking.map(([name, personality]) => [
      name,
      Object.entries(personality).filter(([field, value]) =>
        Object.entries(aws).every(([same, known]) => same !== field || known !== value),
      ),
    ]);
    expect(Object.fromEntries(described)).toEqual({
      'slow-list': [['listingDelayMs', expect.any(Number)]],
      'opaque-etags': [['etags', 'opaque']],
      'exact-upload-keys': [['uploadListing', 'exact-key']],
      'trailed-parts': [['takesTrailedParts', true]],
    });
  });
});
