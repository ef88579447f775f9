import { retry } from '../../streams/retry.ts';
import type { Bucket, GetOptions, ListedEntry, ObjectContent } from '../bucket.ts';
import type { MultipartUploads } from '../multipart-uploads.ts';
import type { ObjectKey } from '../object-key.ts';
import { aroundBucket } from './around-bucket.ts';
import { resumeBody } from './resume-body.ts';
import { resumeListing } from './resume-listing.ts';
import { createRetryContext, type RetryContext, type RetryOptions } from './retry-options.ts';
import { completeWithRetry, putPartWithRetry, putWithRetry } from './retry-writes.ts';

/**
 * Tries again what failed for a passing reason (`throttled`, `store-unavailable`, `connection-failed`, `timed-out`, `response-invalid`), and knows what that means:
 * - Reads and listings, deletes, unconditional puts, copies and parts are the same when done twice. Bodies and listings that break go on where they broke.
 * - A conditional put, and Complete, whose answer was lost are looked for before a refusal is believed.
 * - `create` whose answer was lost is done again, and may leave an upload without parts that nobody knows; the lifecycle rule ends it, as it must after any crash.
 * - What a body's own source throws is never tried again here.
 */
export function withRetry(inner: Bucket, options: RetryOptions = {}): Bucket {
  const context = createRetryContext(options);
  const { policy, clock } = context;
  const around = aroundBucket(inner, {
    call: ({ name, signal }, run) => (name === 'presign' ? run() : retry(run, policy, clock, signal)),
    iterate: (_operation, open) => open(),
  });

  const openContent = (key: ObjectKey, getOptions: GetOptions): Promise<ObjectContent | undefined> =>
    retry(() => inner.get(key, getOptions), policy, clock, getOptions.signal);
  const get: Bucket['get'] = async (key, getOptions = {}) => {
    const { signal, mayReuse } = getOptions;
    const content = await openContent(key, getOptions);
    return content && { ...content, body: resumeBody(content, (rest) => openContent(key, { ...rest, mayReuse, signal }), context, signal) };
  };

  const store: Pick<Bucket, 'get' | 'head'> = { get, head: (key, headOptions) => around.head(key, headOptions) };

  return {
    ...around,
    get,
    put: (key, body, putOptions = {}) => putWithRetry(inner, store, key, body, putOptions, context),
    list: (listOptions) => resumeListing(() => inner.list(listOptions), nameOfEntry, context, listOptions?.signal),
    ...(inner.multipart && around.multipart && { multipart: uploadsWithRetry(inner.multipart, around.multipart, store, context) }),
  };
}

function uploadsWithRetry(
  inner: MultipartUploads,
  around: MultipartUploads,
  store: Pick<Bucket, 'head'>,
  context: RetryContext,
): MultipartUploads {
  return {
    ...around,
    putPart: (upload, partNumber, body, options = {}) => putPartWithRetry(inner, upload, partNumber, body, options, context),
    listParts: (upload, options) =>
      resumeListing(
        () => inner.listParts(upload, options),
        (part) => String(part.partNumber),
        context,
        options?.signal,
      ),
    listUploads: (key, options) =>
      resumeListing(
        () => inner.listUploads(key, options),
        (upload) => upload.uploadId,
        context,
        options?.signal,
      ),
    listUploadsBelow: (prefix, options) =>
      resumeListing(
        () => inner.listUploadsBelow(prefix, options),
        (upload) => upload.uploadId,
        context,
        options?.signal,
      ),
    complete: (upload, parts, options = {}) => completeWithRetry(inner, store, upload, parts, options, context),
  };
}

function nameOfEntry(entry: ListedEntry): string {
  return entry.kind === 'object' ? `object ${entry.key}` : `prefix ${entry.prefix}`;
}
