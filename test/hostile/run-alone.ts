import process from 'node:process';
import { hostileRows } from './hostile-rows.ts';
import { runRow } from './run-row.ts';

/*
 * Runs one row in this process, and writes how it ended and how much memory the process had at most.
 */
const [, , lie] = process.argv;
const row = hostileRows.find((one) => one.lie === lie);
if (!row) throw new Error(`There is no row ${JSON.stringify(lie)}`);
const outcome = await runRow(row);
process.stdout.write(`${JSON.stringify({ ...outcome, memoryMib: process.resourceUsage().maxRSS / 1024 })}\n`);
