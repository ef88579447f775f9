import { writeFile } from 'node:fs/promises';
import { formatHostilePage, hostilePage } from './format-hostile-page.ts';
import { hostileRows } from './hostile-rows.ts';

await writeFile(hostilePage, formatHostilePage(hostileRows));
