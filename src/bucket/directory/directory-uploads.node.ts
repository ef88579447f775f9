import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BucketError } from '../../errors/bucket-error.ts';
import { throwIfAborted } from '../../errors/registry-error.ts';
import type { ByteSource } from '../../streams/byte-source.ts';
import type { ListedPart, MultipartUploads, UploadHandle } from '../multipart-uploads.ts';
import type { ObjectKey } from '../object-key.ts';
import { hasErrno, unless } from './directory-error.node.ts';
import { digestKey } from './spell-key.ts';
import { writeText } from './durable-file.node.ts';
import { assembleUpload } from './assemble-upload.node.ts';
import { commitFile, type WriterContext } from './object-writer.node.ts';
import { listPartRecords, receivePart } from './upload-parts.node.ts';
import { readUploadRecord, type UploadRecord } from './upload-record.node.ts';

/*
 * An upload is a folder `uploads/<digest of the key>-<random>`, with `upload.json` and `data`, the file that becomes the object: part N is written at (N - 1) * partSize, so
 * that Complete needs no second copy of the bytes.
 *
 * Several processes may send parts of one upload, even the same part. Whoever creates `N.claim` first writes part N into `data`, once; any other sending of part N goes to a file
 * of its own. So no byte of `data` is written by two. When a part is whole and flushed its record `N.json` is renamed into place: the last one counts. `N.done` says that the
 * claimer writes no more.
 *
 * Complete first moves the folder to `completing/`: from then on no part can be begun, since all names are reached through the folder, and what is claimed is known for good.
 * If every claim is done and named, `data` is the object, after parts that lie in files of their own were copied to their places; else (a sender is still writing, or
 * died) the parts are copied into a fresh file. Where Complete is refused the folder moves back. A crash while it is in `completing/` loses the upload, not the object.
 */

/** Uploads of a directory bucket. */
export function createDirectoryUploads(
  context: WriterContext,
  openRange: (key: ObjectKey, range: { readonly start: number; readonly end: number }) => Promise<ByteSource>,
): MultipartUploads {
  const { paths, durability, clock } = context;

  const multipart: MultipartUploads = {
    async create(key, { signal, size: _size, partSize, ...headers }) {
      throwIfAborted(signal);
      const uploadId = `${digestKey(key)}-${randomBytes(8).toString('hex')}`;
      const folder = join(paths.uploadsFolder, uploadId);
      const temporary = paths.temporary();
      await mkdir(temporary);
      await (await open(join(temporary, 'data'), 'wx')).close();
      const record: UploadRecord = { key, partSize, initiatedMs: clock.now(), headers };
      await writeText(join(temporary, 'upload.json'), JSON.stringify(record), durability);
      await rename(temporary, folder);
      return { key, uploadId };
    },

    putPart: (handle, partNumber, body, { sha256, signal } = {}) =>
      inUpload(handle, async (folder) => {
        throwIfAborted(signal);
        const { partSize } = await readUpload(folder, handle);
        return receivePart(folder, handle, { partNumber, partSize, body, sha256, signal }, durability);
      }),

    async copyPart(handle, partNumber, from, range, options = {}) {
      throwIfAborted(options.signal);
      return multipart.putPart(handle, partNumber, await openRange(from, range), options);
    },

    async *listParts(handle, { signal } = {}): AsyncGenerator<ListedPart> {
      throwIfAborted(signal);
      const records = await inUpload(handle, async (folder) => {
        await readUpload(folder, handle);
        return listPartRecords(folder);
      });
      for (const { partNumber, etag, size, sha256 } of records) yield { partNumber, etag, size, sha256 };
    },

    async *listUploads(key, { signal } = {}) {
      throwIfAborted(signal);
      const names = await readdir(paths.uploadsFolder);
      for (const uploadId of names.filter((name) => name.startsWith(`${digestKey(key)}-`)).sort()) {
        const record = await readUploadRecord(join(paths.uploadsFolder, uploadId));
        if (record?.key === key) yield { key, uploadId, initiated: new Date(record.initiatedMs) };
      }
    },

    async *listUploadsBelow(prefix, { signal } = {}) {
      throwIfAborted(signal);
      for (const uploadId of (await readdir(paths.uploadsFolder)).sort()) {
        const record = await readUploadRecord(join(paths.uploadsFolder, uploadId));
        if (record?.key.startsWith(prefix)) yield { key: record.key, uploadId, initiated: new Date(record.initiatedMs) };
      }
    },

    complete: (handle, parts, { signal, ...condition } = {}) =>
      inUpload(handle, async (folder) => {
        throwIfAborted(signal);
        const upload = await readUpload(folder, handle);
        const completing = join(paths.completingFolder, handle.uploadId);
        await rename(folder, completing);
        try {
          const file = await assembleUpload(context, completing, upload, parts);
          await commitFile(context, handle.key, { ...file, ...upload.headers }, condition, signal);
          await rm(completing, { recursive: true, force: true });
          return { etag: file.etag };
        } catch (error) {
          await unless(rename(completing, folder), 'ENOENT');
          throw error;
        }
      }),

    async abort(handle, { signal } = {}) {
      throwIfAborted(signal);
      const discarded = paths.temporary();
      const folder = uploadFolder(handle);
      if (folder === undefined) return;
      const found = await unless(
        rename(folder, discarded).then(() => true),
        'ENOENT',
      );
      if (found === true) await rm(discarded, { recursive: true, force: true });
    },
  };

  /** Runs in the folder of an upload; where the folder is gone, before or meanwhile, the upload is missing. */
  const inUpload = async <T>(handle: UploadHandle, work: (folder: string) => Promise<T>): Promise<T> => {
    const folder = uploadFolder(handle);
    if (folder === undefined) throw uploadMissing(handle);
    try {
      return await work(folder);
    } catch (error) {
      if (hasErrno(error, 'ENOENT') && (await readUploadRecord(folder)) === undefined) throw uploadMissing(handle);
      throw error;
    }
  };
  /** Undefined for what is no name of an upload of this key, so that none leads anywhere else. */
  const uploadFolder = ({ key, uploadId }: UploadHandle): string | undefined =>
    /^[0-9a-f]{64}-[0-9a-f]{16}$/.test(uploadId) && uploadId.startsWith(digestKey(key)) ? join(paths.uploadsFolder, uploadId) : undefined;

  return multipart;
}

async function readUpload(folder: string, handle: UploadHandle): Promise<UploadRecord> {
  const record = await readUploadRecord(folder);
  if (record?.key !== handle.key) throw uploadMissing(handle);
  return record;
}

function uploadMissing({ key, uploadId }: UploadHandle): BucketError {
  return new BucketError('upload-missing', `Cannot find the upload "${uploadId}" of "${key}"`);
}
