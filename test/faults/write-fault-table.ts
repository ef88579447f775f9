import { writeFile } from 'node:fs/promises';
import { findSecrets, notedTexts } from './error-texts.ts';
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
const leaks = notedTexts().flatMap(findSecrets);
for (const leak of leaks) console.error(`an error ${leak}`);
process.exitCode = leaks.length > 0 || cells.some(({ violations }) => violations.length > 0) ? 1 : 0;
