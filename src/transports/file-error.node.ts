import { BucketError } from '../errors/bucket-error.ts';
import { CodedError } from '../errors/coded-error.ts';
import type { RegistryErrorCode } from '../errors/codes.ts';
import { RegistryError } from '../errors/registry-error.ts';

/**
 * What a failed operation on a file of the user becomes; a coded error stays what it is.
 * Codes: `input-missing` and `input-invalid` for reading, `output-failed` for writing, `storage-full`, `storage-read-only`, `aborted`.
 */
export function toFileError(error: unknown, doing: 'read' | 'write', path: string): CodedError {
  if (error instanceof CodedError) return error;
  const code = errnoOf(error);
  const what = `Cannot ${doing} ${JSON.stringify(path)}`;
  if (code === 'ABORT_ERR') return new RegistryError('aborted', 'Stopped before the end', { cause: error });
  if (code === 'ENOSPC' || code === 'EDQUOT') return new BucketError('storage-full', `${what}: no space is left`, { cause: error });
  if (code === 'EROFS') return new BucketError('storage-read-only', `${what}: the file system takes no writes`, { cause: error });
  return new RegistryError(codeFor(doing, code), `${what}: ${reasons.get(code ?? '') ?? String(error)}`, { cause: error });
}

/** Whether an operation failed because the file, or a folder on the way to it, is not there. */
export function isMissingFile(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '');
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file or folder'],
  ['ENOTDIR', 'a part of this path is no folder'],
  ['EISDIR', 'it is a folder'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['EEXIST', 'it is there already'],
  ['ELOOP', 'its links lead in a circle'],
  ['ENAMETOOLONG', 'the name is too long'],
]);

function codeFor(doing: 'read' | 'write', code: string | undefined): RegistryErrorCode {
  if (doing === 'write') return 'output-failed';
  return code === 'ENOENT' || code === 'ENOTDIR' ? 'input-missing' : 'input-invalid';
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
