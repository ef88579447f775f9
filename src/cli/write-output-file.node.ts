import { writeFile } from 'node:fs/promises';
import { RegistryError } from '../errors/registry-error.ts';

/**
 * Writes a file that a flag asked for beside the result.
 * @throws RegistryError `output-failed`
 */
export async function writeOutputFile(path: string, what: 'digest' | 'report', content: string): Promise<void> {
  await writeFile(path, content).catch((error: unknown) => throwUnwritable(path, what, error));
}

/** @throws RegistryError `output-failed` */
export function throwUnwritable(path: string, what: 'digest' | 'report', cause: unknown): never {
  throw new RegistryError('output-failed', `Cannot write the ${what} to "${path}"`, { cause });
}
