import { hasCode } from '../errors/coded-error.ts';

/** What a store says when it does not give an object. */
export type StoreErrorName =
  | 'NoSuchKey'
  | 'AccessDenied'
  | 'InvalidURI'
  | 'InvalidRange'
  | 'MethodNotAllowed'
  | 'PreconditionFailed'
  | 'SlowDown'
  | 'ServiceUnavailable'
  | 'InternalError';

const statuses: Readonly<Record<StoreErrorName, number>> = {
  NoSuchKey: 404,
  AccessDenied: 403,
  InvalidURI: 400,
  InvalidRange: 416,
  MethodNotAllowed: 405,
  PreconditionFailed: 412,
  SlowDown: 503,
  ServiceUnavailable: 503,
  InternalError: 500,
};

const messages: Readonly<Record<StoreErrorName, string>> = {
  NoSuchKey: 'The specified key does not exist.',
  AccessDenied: 'Access Denied',
  InvalidURI: 'The path of the URI cannot be decoded.',
  InvalidRange: 'The requested range is not satisfiable.',
  MethodNotAllowed: 'The specified method is not allowed against this resource.',
  PreconditionFailed: 'At least one of the preconditions specified did not hold.',
  SlowDown: 'Please reduce the request rate.',
  ServiceUnavailable: 'The store does not answer at the moment.',
  InternalError: 'The store failed.',
};

/** An error as S3 words it, in XML; without a body for HEAD. */
export function createStoreErrorResponse(
  method: string,
  name: StoreErrorName,
  key: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${name}</Code><Message>${messages[name]}</Message>${key === undefined ? '' : `<Key>${escapeXml(key)}</Key>`}</Error>`;
  const bytes = new TextEncoder().encode(body);
  return new Response(method === 'HEAD' ? null : bytes, {
    status: statuses[name],
    headers: { 'content-type': 'application/xml', 'content-length': String(bytes.byteLength), ...headers },
  });
}

/** How a failure of the bucket behind looks from outside; its words stay inside. */
export function nameStoreError(error: unknown): StoreErrorName {
  if (hasCode(error, 'access-denied', 'credentials-missing', 'credentials-invalid')) return 'AccessDenied';
  if (hasCode(error, 'throttled')) return 'SlowDown';
  if (hasCode(error, 'range-invalid')) return 'InvalidRange';
  if (hasCode(error, 'precondition-failed')) return 'PreconditionFailed';
  if (hasCode(error, 'store-unavailable', 'connection-failed', 'timed-out')) return 'ServiceUnavailable';
  return 'InternalError';
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
