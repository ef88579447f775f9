import type { ErrorCode } from '../errors/codes.ts';

/** A class of failures that a script may want to tell apart. */
export type ExitClass =
  | 'failed'
  | 'usage'
  | 'input'
  | 'missing'
  | 'access'
  | 'conflict'
  | 'content'
  | 'unavailable'
  | 'store'
  | 'protected'
  | 'partial'
  | 'unpullable'
  | 'stopped';

/** What each exit code means; 0 is success. */
export const exitClasses: Readonly<Record<ExitClass, { readonly exitCode: number; readonly doc: string }>> = {
  failed: { exitCode: 1, doc: 'A mistake of bucketry itself: please report it.' },
  usage: { exitCode: 2, doc: 'The command line, a reference or the configuration cannot be understood.' },
  input: { exitCode: 3, doc: 'A local file or folder is missing, unreadable, malformed, or cannot be written.' },
  missing: { exitCode: 4, doc: 'What was asked for is not there: bucket, repository, tag, manifest, blob, platform.' },
  access: { exitCode: 5, doc: 'Credentials are missing, wrong, or may not do this.' },
  conflict: { exitCode: 6, doc: 'Someone else wrote the same thing at the same time. Nothing is lost: run it again.' },
  content: {
    exitCode: 7,
    doc: 'An image or the bucket holds what it must not: a wrong digest or size, a malformed manifest, a newer format.',
  },
  unavailable: {
    exitCode: 8,
    doc: 'A store or registry cannot be reached, failed, or asks to slow down, also after all retries. Run it again later.',
  },
  store: { exitCode: 9, doc: 'The store cannot do this: full, read-only, too large for it, or not an operation of its own.' },
  protected: { exitCode: 10, doc: 'Something else still needs what was to be removed; `--force` removes it all the same.' },
  partial: { exitCode: 11, doc: 'A part of it failed, the rest was done: the report says which. Run it again for what is left.' },
  unpullable: { exitCode: 12, doc: '`doctor` found a client that cannot pull.' },
  stopped: { exitCode: 130, doc: 'Stopped by SIGINT or SIGTERM.' },
};

/** Every error's class: a code without one does not compile. */
export const exitClassOf: Readonly<Record<ErrorCode, ExitClass>> = {
  'object-missing': 'missing',
  'bucket-missing': 'missing',
  'access-denied': 'access',
  'credentials-missing': 'access',
  'credentials-invalid': 'access',
  'wrong-region': 'usage',
  'clock-skewed': 'access',
  'precondition-failed': 'conflict',
  'write-conflict': 'conflict',
  'upload-missing': 'conflict',
  'part-invalid': 'conflict',
  'range-invalid': 'content',
  'checksum-mismatch': 'content',
  'object-too-large': 'store',
  'key-invalid': 'store',
  throttled: 'unavailable',
  'store-unavailable': 'unavailable',
  'connection-failed': 'unavailable',
  'timed-out': 'unavailable',
  'response-invalid': 'unavailable',
  'storage-full': 'store',
  'storage-read-only': 'store',
  'operation-unsupported': 'store',
  'location-invalid': 'usage',
  'name-invalid': 'usage',
  'tag-invalid': 'usage',
  'digest-invalid': 'usage',
  'digest-unsupported': 'content',
  'reference-invalid': 'usage',
  'platform-invalid': 'usage',
  'manifest-invalid': 'content',
  'manifest-too-large': 'content',
  'schema-1-unsupported': 'content',
  'media-type-unsupported': 'content',
  'media-type-mismatch': 'content',
  'digest-mismatch': 'content',
  'size-mismatch': 'content',
  'repository-missing': 'missing',
  'tag-missing': 'missing',
  'manifest-missing': 'missing',
  'blob-missing': 'missing',
  'platform-missing': 'missing',
  'reference-ambiguous': 'usage',
  'archive-invalid': 'input',
  'archive-truncated': 'input',
  'format-too-new': 'content',
  'format-invalid': 'content',
  'tag-conflict': 'conflict',
  'manifest-tagged': 'protected',
  'manifest-referenced': 'protected',
  'prune-refused': 'protected',
  'mirror-incomplete': 'partial',
  'collection-busy': 'conflict',
  unauthorized: 'access',
  denied: 'access',
  'credential-helper-failed': 'access',
  'engine-unavailable': 'unavailable',
  'engine-failed': 'unavailable',
  'registry-blocked': 'access',
  'rate-limited': 'unavailable',
  'registry-unavailable': 'unavailable',
  'registry-invalid': 'unavailable',
  'input-missing': 'input',
  'input-invalid': 'input',
  'output-failed': 'input',
  'usage-invalid': 'usage',
  'pull-impossible': 'unpullable',
  aborted: 'stopped',
  internal: 'failed',
};

/** The exit code of an error's code; 1 for what is none of ours. */
export function exitCodeOf(code: ErrorCode | undefined): number {
  return exitClasses[code === undefined ? 'failed' : exitClassOf[code]].exitCode;
}
