import type { RegistryErrorCode } from './codes.ts';
import { CodedError, type ErrorDetails } from './coded-error.ts';

/** A failure with images, references, registries and archives. */
export class RegistryError extends CodedError {
  override readonly name = 'RegistryError';
  readonly code: RegistryErrorCode;

  constructor(code: RegistryErrorCode, message: string, details?: ErrorDetails) {
    super(message, details);
    this.code = code;
  }
}

/** The error that an aborted signal becomes: its reason if that is ours already, else code `aborted`. */
export function abortError(signal: AbortSignal): CodedError {
  const reason: unknown = signal.reason;
  return reason instanceof CodedError ? reason : new RegistryError('aborted', 'Stopped before the end', { cause: reason });
}

/** Throws `abortError` when the signal is aborted already. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}
