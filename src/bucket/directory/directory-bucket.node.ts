import { constants } from 'node:fs';
import { copyFile, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BucketError } from '../../errors/bucket-error.ts';
import { throwIfAborted } from '../../errors/registry-error.ts';
import { type Clock, systemClock } from '../../streams/clock.ts';
import { forEachConcurrently } from '../../streams/concurrency.ts';
import type { ByteSource } from '../../streams/byte-source.ts';
import type { Bucket, BucketAbilities, ETag, GetOptions, ObjectContent, ObjectHeaders, RequestOptions } from '../bucket.ts';
import { resolveRange } from '../byte-range.ts';
import type { ObjectKey } from '../object-key.ts';
import { watchSource } from '../watch-source.ts';
import { checkWriteCondition } from '../write-condition.ts';
import { bucketMissing, toBucketError, unless } from './directory-error.node.ts';
import { listDirectory } from './directory-list.node.ts';
import { createDirectoryUploads } from './directory-uploads.node.ts';
import { openFileBody } from './file-body.node.ts';
import { findObject } from './object-finder.node.ts';
import { describeRecord } from './object-record.node.ts';
import { commitFile, type FinishedFile, removeObject, setTimeOfChange, type WriterContext } from './object-writer.node.ts';
import { openRoot } from './open-root.node.ts';
import { receiveFile } from './receive-file.node.ts';
import { type Grace, recoverBucket } from './recover.node.ts';
import type { Spelling } from './spell-key.ts';

export interface DirectoryBucketOptions {
  /** The folder that is the bucket. */
  readonly root: string;
  /** Makes the folder where it is missing. */
  readonly create?: boolean | undefined;
  /** How keys become paths in a bucket that is new; what its file system needs, if left out. */
  readonly spelling?: Spelling | undefined;
  /** Forces every write to the disk before it counts; on, if left out. */
  readonly fsync?: boolean | undefined;
  /** A day for temporary files and a week for unfinished uploads, if left out. */
  readonly grace?: Partial<Grace> | undefined;
  readonly clock?: Clock | undefined;
}

const dayMs = 86_400_000;

const abilities: BucketAbilities = {
  conditionalPut: 'atomic',
  strongList: true,
  verifiesSha256: true,
  verifiesCrc32: false,
  protectsBodies: true,
  maxPutBytes: Number.MAX_SAFE_INTEGER,
  maxCopyBytes: Number.MAX_SAFE_INTEGER,
  equalParts: true,
  minPartBytes: 1,
  minWriteIntervalMs: 0,
};

/**
 * A folder as a bucket: objects are files at the paths that are their keys, so that any file server can serve them; see `docs/directory-bucket.md`. Any number of processes of one
 * machine, or of several over a file system that creates files exclusively, may use it at once. Ends what crashed writers left, and removes what they left over.
 * @throws BucketError `bucket-missing`, `access-denied`, `storage-read-only`, …
 */
export async function openDirectoryBucket(options: DirectoryBucketOptions): Promise<Bucket> {
  const { clock = systemClock, create = false, spelling, grace } = options;
  const root = resolve(options.root);
  const location = `file:${root}`;
  const durability = { fsync: options.fsync ?? true };
  try {
    const paths = await openRoot(root, { location, create, spelling, durability });
    const context: WriterContext = { paths, durability, clock };
    await recoverBucket(context, { temporaryMs: dayMs, uploadMs: 7 * dayMs, ...grace });
    return createBucket(context, location);
  } catch (error) {
    throw toBucketError(error, 'open the bucket', location);
  }
}

function createBucket(context: WriterContext, location: string): Bucket {
  const { paths } = context;

  /** Runs an operation, its failures in our codes; those of a body's source are its own. */
  const run = async <T>(
    action: string,
    options: RequestOptions | undefined,
    work: () => Promise<T>,
    isForeign: () => boolean = () => false,
  ): Promise<T> => {
    throwIfAborted(options?.signal);
    try {
      return await work();
    } catch (error) {
      if (isForeign()) throw error;
      if ((await unless(stat(paths.root), 'ENOENT')) === undefined) throw bucketMissing(location, error);
      throw toBucketError(error, action, location);
    }
  };
  const runWithBody = <T>(
    action: string,
    body: ByteSource,
    options: RequestOptions,
    work: (source: ByteSource) => Promise<T>,
  ): Promise<T> => {
    const watched = watchSource(body);
    return run(
      action,
      options,
      () => work(watched.source),
      () => watched.failed,
    );
  };
  const commit = async (
    key: ObjectKey,
    file: FinishedFile,
    options: Parameters<typeof commitFile>[3] & RequestOptions,
  ): Promise<{ etag: ETag }> => {
    try {
      await commitFile(context, key, file, options, options.signal);
      return { etag: file.etag };
    } finally {
      await rm(file.path, { force: true });
    }
  };
  const openRange = async (key: ObjectKey, range: { readonly start: number; readonly end: number }): Promise<ByteSource> => {
    const found = await findObject(paths, key);
    await found?.handle.close();
    if (!found) throw new BucketError('object-missing', `Cannot copy a part from "${key}": it is missing`);
    const { start, end } = resolveRange(key, found.record.size, range);
    return {
      size: end - start,
      seekable: true,
      async *open({ signal } = {}) {
        const content = await bucket.get(key, { range: { start, end }, ifMatch: found.record.etag, signal });
        if (content) yield* content.body;
      },
    };
  };
  const uploads = createDirectoryUploads(context, openRange);

  const bucket: Bucket = {
    location,
    abilities,

    get: (key, options = {}) =>
      run(`read "${key}"`, options, async () => {
        const content = await openContent(context, key, options);
        if (!content) await refuseMissingRoot(paths.root, location);
        return content;
      }),

    head: (key, options) =>
      run(`read "${key}"`, options, async () => {
        const found = await findObject(paths, key);
        await found?.handle.close();
        if (!found) await refuseMissingRoot(paths.root, location);
        return found && describeRecord(found.record);
      }),

    put: (key, body, { sha256, signal, ifMatch, ifNoneMatch, ...headers } = {}) =>
      runWithBody(`write "${key}"`, body, { signal }, async (source) => {
        const file = await receiveFile(context, `"${key}"`, source, { sha256, signal });
        return commit(key, { ...file, ...headers }, { signal, ifMatch, ifNoneMatch });
      }),

    delete: (key, options) => run(`delete "${key}"`, options, () => removeObject(context, key, options?.signal)),

    deleteMany: (keys, options) =>
      run(`delete ${keys.length} objects`, options, () =>
        forEachConcurrently(keys, 8, (key, signal) => removeObject(context, key, signal), options?.signal),
      ),

    async *list(options = {}) {
      throwIfAborted(options.signal);
      await refuseMissingRoot(paths.root, location);
      try {
        yield* listDirectory(paths, options);
      } catch (error) {
        throw toBucketError(error, 'list objects', location);
      }
    },

    copy: (from, to, options = {}) =>
      run(`copy "${from}" to "${to}"`, options, async () => {
        const file = await cloneObject(context, from, options);
        return commit(to, file, { signal: options.signal });
      }),

    multipart: {
      create: (key, options) => run(`begin an upload of "${key}"`, options, () => uploads.create(key, options)),
      putPart: (upload, partNumber, body, options = {}) =>
        runWithBody(`write part ${partNumber} of "${upload.key}"`, body, options, (source) =>
          uploads.putPart(upload, partNumber, source, options),
        ),
      copyPart: (upload, partNumber, from, range, options = {}) =>
        run(`copy part ${partNumber} of "${upload.key}"`, options, async () =>
          uploads.putPart(upload, partNumber, await openRange(from, range), options),
        ),
      listParts: (upload, options) => uploads.listParts(upload, options),
      listUploads: (key, options) => uploads.listUploads(key, options),
      listUploadsBelow: (prefix, options) => uploads.listUploadsBelow(prefix, options),
      complete: (upload, parts, options) => run(`complete "${upload.key}"`, options, () => uploads.complete(upload, parts, options)),
      abort: (upload, options) => run(`abort the upload of "${upload.key}"`, options, () => uploads.abort(upload, options)),
    },

    async close() {},
  };
  return bucket;
}

async function openContent(
  { paths }: WriterContext,
  key: ObjectKey,
  { range, ifMatch, signal }: GetOptions,
): Promise<ObjectContent | undefined> {
  const found = await findObject(paths, key);
  if (!found) return undefined;
  const { handle, record } = found;
  try {
    if (ifMatch !== undefined) checkWriteCondition(key, { ifMatch }, record.etag);
    const { start, end } = resolveRange(key, record.size, range);
    return { ...describeRecord(record), start, contentLength: end - start, body: openFileBody(handle, start, end, signal) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Copies an object's file, sharing its blocks where the file system can (a copy has its own time of change, so no hard link will do). */
async function cloneObject(
  { paths, durability, clock }: WriterContext,
  from: ObjectKey,
  headers: ObjectHeaders & RequestOptions,
): Promise<FinishedFile> {
  const path = paths.temporary();
  try {
    for (;;) {
      const found = await findObject(paths, from);
      await found?.handle.close();
      if (!found) throw new BucketError('object-missing', `Cannot copy "${from}": it is missing`);
      await unless(copyFile(found.path, path, constants.COPYFILE_FICLONE), 'ENOENT');
      throwIfAborted(headers.signal);
      const after = await findObject(paths, from);
      await after?.handle.close();
      // Replaced while it was copied: which of both versions was copied is not known.
      if (after?.record.mtimeMs !== found.record.mtimeMs) continue;
      const mtimeMs = Math.floor(clock.now());
      await setTimeOfChange(path, mtimeMs, durability);
      const { contentType, cacheControl, metadata } = headers;
      return { path, size: found.record.size, etag: found.record.etag, mtimeMs, contentType, cacheControl, metadata };
    }
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

async function refuseMissingRoot(root: string, location: string): Promise<void> {
  if ((await unless(stat(root), 'ENOENT')) === undefined) throw bucketMissing(location);
}
