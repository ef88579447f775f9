import type { BucketErrorCode } from './codes.ts';
import { CodedError, type ErrorDetails } from './coded-error.ts';

/** A failure between us and the object store. */
export class BucketError extends CodedError {
  override readonly name = 'BucketError';
  readonly code: BucketErrorCode;

  constructor(code: BucketErrorCode, message: string, details?: ErrorDetails) {
    super(message, details);
    this.code = code;
  }
}
