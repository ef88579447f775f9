import { hasCode } from '../../errors/coded-error.ts';
import type { ByteSource, ByteStream } from '../../streams/byte-source.ts';
import { createHasher } from '../../streams/hasher.ts';
import { retry } from '../../streams/retry.ts';
import type { Bucket, ETag, PutOptions } from '../bucket.ts';
import type { MultipartUploads, UploadedPart, UploadHandle } from '../multipart-uploads.ts';
import type { ObjectKey } from '../object-key.ts';
import { type WatchedSource, watchSource } from '../watch-source.ts';
import { hasCondition } from '../write-condition.ts';
import { isAmbiguous, isPassing, type RetryContext } from './retry-options.ts';

/**
 * Tries a write whose own success, when its answer was lost, makes the next try fail: a condition that no longer holds, an upload that is no longer there. Once a try may
 * have been done, such a failure (`looksDone`) is not believed before `findDone` has looked.
 */
async function retryWrite<T>(
  write: () => Promise<T>,
  looksDone: (error: unknown) => boolean,
  findDone: () => Promise<T | undefined>,
  { policy, clock }: RetryContext,
  signal: AbortSignal | undefined,
): Promise<T> {
  let mayBeDone = false;
  const attempt = async (): Promise<T> => {
    try {
      return await write();
    } catch (error) {
      if (mayBeDone && looksDone(error)) {
        const done = await findDone();
        if (done !== undefined) return done;
      }
      mayBeDone ||= isAmbiguous(error);
      throw error;
    }
  };
  // Our own lost write may still be under way when the next comes: then the store speaks of a conflict, and it is worth looking again.
  const isRetryable = (error: unknown): boolean => policy.isRetryable(error) || (mayBeDone && hasCode(error, 'write-conflict'));
  return retry(attempt, { ...policy, isRetryable }, clock, signal);
}

/**
 * A put that may be tried again. After an ambiguous failure of a conditional put, `precondition-failed` means: look. An object with exactly our bytes and content type
 * counts as ours; so who needs to know which of several writers won must write bytes that no other writes.
 * @param store reads with its own retries, to look
 */
export function putWithRetry(
  inner: Bucket,
  store: Pick<Bucket, 'get' | 'head'>,
  key: ObjectKey,
  body: ByteSource,
  options: PutOptions,
  context: RetryContext,
): Promise<{ readonly etag: ETag }> {
  const watched = watchSource(body);
  return retryWrite(
    () => inner.put(key, watched.source, options),
    (error) => hasCondition(options) && hasCode(error, 'precondition-failed'),
    () => findOwnPut(store, key, body, options),
    withoutSourceFailures(context, watched),
    options.signal,
  );
}

/** A part that may be tried again: the same number again replaces it. */
export function putPartWithRetry(
  inner: MultipartUploads,
  upload: UploadHandle,
  partNumber: number,
  body: ByteSource,
  options: NonNullable<Parameters<MultipartUploads['putPart']>[3]>,
  context: RetryContext,
): Promise<UploadedPart> {
  const watched = watchSource(body);
  const { policy, clock } = withoutSourceFailures(context, watched);
  return retry(() => inner.putPart(upload, partNumber, watched.source, options), policy, clock, options.signal);
}

/** Complete that may be tried again: after an ambiguous failure `upload-missing` and `precondition-failed` mean: look at the key. */
export function completeWithRetry(
  inner: MultipartUploads,
  store: Pick<Bucket, 'head'>,
  upload: UploadHandle,
  parts: readonly UploadedPart[],
  options: NonNullable<Parameters<MultipartUploads['complete']>[2]>,
  context: RetryContext,
): Promise<{ readonly etag: ETag }> {
  return retryWrite(
    () => inner.complete(upload, parts, options),
    (error) => hasCode(error, 'upload-missing', 'precondition-failed'),
    async () => {
      const info = await store.head(upload.key, { signal: options.signal });
      return info && isETagOfParts(info.etag, parts) ? { etag: info.etag } : undefined;
    },
    context,
    options.signal,
  );
}

async function findOwnPut(
  store: Pick<Bucket, 'get' | 'head'>,
  key: ObjectKey,
  body: ByteSource,
  options: PutOptions,
): Promise<{ readonly etag: ETag } | undefined> {
  const { signal } = options;
  const info = await store.head(key, { signal });
  if (info?.size !== body.size) return undefined;
  if (options.contentType !== undefined && info.contentType !== options.contentType) return undefined;
  // An ETag that looks like an MD5 need not be one (KMS keys), so the bytes themselves are compared.
  const found = await store.get(key, { signal });
  if (!found) return undefined;
  const [theirs, ours] = [await digestOf(found.body), options.sha256 ?? (await digestOf(body.open({ signal })))];
  return theirs === ours.toLowerCase() ? { etag: found.etag } : undefined;
}

async function digestOf(stream: ByteStream): Promise<string> {
  const hasher = createHasher('sha256');
  for await (const chunk of stream) hasher.update(chunk);
  return hasher.hex();
}

/**
 * Whether an object's ETag is what Complete makes of these parts: the MD5 of their MD5s and `-N`. Where the parts' ETags are no MD5s, `-N` must do: keys of
 * blobs name their bytes, and no other upload to a key has the same parts by chance.
 */
function isETagOfParts(etag: ETag, parts: readonly UploadedPart[]): boolean {
  const md5s = parts.map((part) => /^"([0-9a-f]{32})"$/.exec(part.etag)?.[1]);
  if (md5s.some((md5) => md5 === undefined)) return etag.endsWith(`-${parts.length}"`);
  const hasher = createHasher('md5');
  for (const md5 of md5s) hasher.update(Uint8Array.from(md5?.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)));
  return etag === `"${hasher.hex()}-${parts.length}"`;
}

/** What a source throws no further try against the store mends: the source has retries of its own. */
function withoutSourceFailures({ policy, clock }: RetryContext, watched: WatchedSource): RetryContext {
  return { clock, policy: { ...policy, isRetryable: (error) => isPassing(error) && !watched.failed } };
}
