import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { formatHostilePage, hostilePage } from './format-hostile-page.ts';
import { hostileRows } from './hostile-rows.ts';

test('the page says what is tested (node test/hostile/write-hostile-page.ts)', async () => {
  expect(await readFile(hostilePage, 'utf8')).toBe(formatHostilePage(hostileRows));
});

test('each lie is told once', () => {
  expect(new Set(hostileRows.map(({ lie }) => lie)).size).toBe(hostileRows.length);
});
