import { archiveRows } from './archive-rows.ts';
import { configurationRows } from './configuration-rows.ts';
import type { HostileRow } from './hostile-row.ts';
import { loginRows } from './login-rows.ts';
import { registryAnswerRows } from './registry-answer-rows.ts';
import { registryLoginRows } from './registry-login-rows.ts';
import { registryManifestRows } from './registry-manifest-rows.ts';
import { storeRows } from './store-rows.ts';

/** Every lie that is tried. */
export const hostileRows: readonly HostileRow[] = [
  ...registryManifestRows,
  ...registryAnswerRows,
  ...registryLoginRows,
  ...archiveRows,
  ...storeRows,
  ...loginRows,
  ...configurationRows,
];
