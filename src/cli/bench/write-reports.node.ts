import { access, constants, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RegistryError } from '../../errors/registry-error.ts';

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
    if (path !== undefined) await access(dirname(path), constants.W_OK).catch((error: unknown) => fail(path, error));
  }
}

/** @throws RegistryError `output-failed` */
export async function writeReport(path: string | undefined, create: () => string | undefined): Promise<void> {
  const content = path === undefined ? undefined : create();
  if (path !== undefined && content !== undefined) await writeFile(path, content).catch((error: unknown) => fail(path, error));
}

function fail(path: string, cause: unknown): never {
  throw new RegistryError('output-failed', `Cannot write the report "${path}"`, { cause });
}
