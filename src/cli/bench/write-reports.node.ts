import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { throwUnwritable, writeOutputFile } from '../write-output-file.node.ts';

/** Files that a result is written to, where they were asked for. */
export interface ReportFiles {
  readonly svg: string | undefined;
  readonly html: string | undefined;
}

/**
 * Fails before the long work, not after it.
 * @throws RegistryError `output-failed`
 */
export async function checkReportFolders({ svg, html }: ReportFiles): Promise<void> {
  for (const path of [svg, html]) {
    if (path !== undefined) await access(dirname(path), constants.W_OK).catch((error: unknown) => throwUnwritable(path, 'report', error));
  }
}

/** @throws RegistryError `output-failed` */
export async function writeReport(path: string | undefined, create: () => string | undefined): Promise<void> {
  const content = path === undefined ? undefined : create();
  if (path !== undefined && content !== undefined) await writeOutputFile(path, 'report', content);
}
