import { describe, expect, test } from 'vitest';
import { FAULT_MODES } from '../s3-server/faults.ts';
import { findSecrets, notedTexts } from './error-texts.ts';
import { findOperation } from './fault-operations.ts';
import { storeNames } from './fault-stage.ts';
import { fillTable } from './fault-table.ts';
import { formatRows, formatSum } from './format-fault-table.ts';

/** The longest takes a minute on a machine that has nothing else to do, and many on one that has. */
const timeoutMs = 900_000;

/** Tests the rows of some commands, and prints them. */
export function describeFaultTable(names: readonly string[]): void {
  describe.each(names)('a fault at every request of a %s', (name) => {
    test('leaves nothing wrong, and the same command again ends well', { timeout: timeoutMs }, async () => {
      const operation = findOperation(name);
      const cells = await fillTable(operation);
      console.log(`${formatRows(cells)}\n${formatSum(cells)}`);
      expect(cells.flatMap(({ mode, store, violations }) => violations.map((violation) => `${mode}, ${store}: ${violation}`))).toEqual([]);
      expect(cells.filter(({ points }) => points === 0)).toEqual([]);
      expect(cells).toHaveLength(FAULT_MODES.length * (operation.stores ?? storeNames).length);
    });
  });

  test('no error of these commands, nor of any try against the store, holds a secret or a signature', () => {
    expect(notedTexts().length).toBeGreaterThan(20);
    expect(notedTexts().flatMap(findSecrets)).toEqual([]);
  });
}
