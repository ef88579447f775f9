import { writeFile } from 'node:fs/promises';
import { operations } from './fault-operations.ts';
import { fillTable } from './fault-table.ts';
import { faultTablePage, formatPage, formatSum } from './format-fault-table.ts';

const cells = [];
for (const operation of operations) {
  const filled = await fillTable(operation);
  cells.push(...filled);
  console.error(`${operation.name}: ${formatSum(filled)}`);
}
await writeFile(faultTablePage, formatPage(cells));
for (const { operation, mode, store, violations } of cells)
  for (const violation of violations) console.error(`${operation}, ${mode}, ${store}: ${violation}`);
process.exitCode = cells.some(({ violations }) => violations.length > 0) ? 1 : 0;
