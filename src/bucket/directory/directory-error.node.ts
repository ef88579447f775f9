import { BucketError } from '../../errors/bucket-error.ts';
import type { BucketErrorCode } from '../../errors/codes.ts';

const codes: Readonly<Record<string, BucketErrorCode>> = {
  ENOSPC: 'storage-full',
  EDQUOT: 'storage-full',
  EFBIG: 'object-too-large',
  EROFS: 'storage-read-only',
  EACCES: 'access-denied',
  EPERM: 'access-denied',
  ELOOP: 'access-denied',
  ENAMETOOLONG: 'key-invalid',
  EILSEQ: 'key-invalid',
};

const hints: Partial<Record<BucketErrorCode, string>> = {
  'storage-full': 'Free space on the file system of the bucket, then run the same command again.',
  'storage-read-only': 'The file system of the bucket is mounted read-only.',
  'access-denied': "Check the owner and the permissions of the bucket's folder, and that no link in it leads elsewhere.",
};

/** An error of the operating system (`ENOENT` and its like), if `error` is one. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Whether an error of the operating system is one of these. */
export function hasErrno(error: unknown, ...wanted: readonly string[]): boolean {
  const errno = errnoOf(error);
  return errno !== undefined && wanted.includes(errno);
}

/** What a failed operation throws: our code for an error of the operating system, anything else as it is. */
export function toBucketError(error: unknown, action: string, location: string): unknown {
  const errno = errnoOf(error);
  if (errno === undefined || !(error instanceof Error)) return error;
  const code = codes[errno] ?? 'store-unavailable';
  return new BucketError(code, `Cannot ${action} in "${location}": ${error.message}`, {
    cause: error,
    hint: hints[code],
  });
}

/** The error for a root that is not there. */
export function bucketMissing(location: string, cause?: unknown): BucketError {
  return new BucketError('bucket-missing', `Cannot find the bucket "${location}": there is no such folder`, {
    cause,
    hint: 'Check the path, or make the bucket with "bucketry init".',
  });
}

/** The value of a promise, or undefined when it fails with one of these errors of the operating system. */
export async function unless<T>(promise: Promise<T>, ...errnos: readonly string[]): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (hasErrno(error, ...errnos)) return undefined;
    throw error;
  }
}
