import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { BucketError } from '../../errors/bucket-error.ts';
import { createHasher } from '../../streams/hasher.ts';
import type { UploadedPart } from '../multipart-uploads.ts';
import type { ObjectKey } from '../object-key.ts';
import { writeFully } from './durable-file.node.ts';
import { openFileBody } from './file-body.node.ts';
import { formatETag } from './object-record.node.ts';
import { type FinishedFile, setTimeOfChange, type WriterContext } from './object-writer.node.ts';
import { listClaims, listPartRecords, type PartRecord } from './upload-parts.node.ts';
import type { UploadRecord } from './upload-record.node.ts';

/**
 * Makes one file of the parts that Complete names, in a folder that no sender can reach any more. The parts and their records stay as they are, for the case that Complete is refused.
 * @throws BucketError `part-invalid`
 */
export async function assembleUpload(
  { durability, clock }: WriterContext,
  folder: string,
  { key, partSize }: UploadRecord,
  named: readonly UploadedPart[],
): Promise<FinishedFile> {
  const parts = chooseParts(key, partSize, named, await listPartRecords(folder));
  const { claimed, done } = await listClaims(folder);
  const inPlace = claimed.every((partNumber) => done.includes(partNumber) && partNumber <= parts.length);
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const path = join(folder, inPlace ? 'data' : 'whole');
  const target = await open(path, inPlace ? 'r+' : 'w');
  try {
    for (const part of parts) {
      if (!inPlace || part.file !== 'data') await copyPart(target, folder, partSize, part);
    }
    // A last part that was replaced by a shorter one.
    await target.truncate(size);
  } finally {
    await target.close();
  }
  const mtimeMs = Math.floor(clock.now());
  await setTimeOfChange(path, mtimeMs, durability);
  const digests = createHasher('sha256');
  for (const part of parts) digests.update(Buffer.from(part.sha256, 'hex'));
  return { path, size, mtimeMs, etag: formatETag(digests.hex(), parts.length) };
}

/** The records of the parts named: 1 to N without a gap, each but the last of the upload's part size. */
function chooseParts(key: ObjectKey, partSize: number, named: readonly UploadedPart[], records: readonly PartRecord[]): PartRecord[] {
  const byNumber = new Map(records.map((record) => [record.partNumber, record]));
  const refuse = (why: string): BucketError => new BucketError('part-invalid', `Cannot complete "${key}": ${why}`);
  if (named.length === 0) throw refuse('it has no parts');
  return named.map(({ partNumber, etag }, index) => {
    const record = byNumber.get(partNumber);
    if (partNumber !== index + 1) throw refuse(`found part ${partNumber} at place ${index + 1} of the parts named`);
    if (record?.etag !== etag) throw refuse(`found part ${partNumber} as ${record?.etag ?? 'missing'}, wanted ${etag}`);
    if (index < named.length - 1 && record.size !== partSize)
      throw refuse(`part ${partNumber} has ${record.size} bytes, wanted ${partSize}`);
    return record;
  });
}

/** Copies a part to its place in a file, from wherever it lies. */
async function copyPart(target: FileHandle, folder: string, partSize: number, part: PartRecord): Promise<void> {
  const place = (part.partNumber - 1) * partSize;
  const start = part.file === 'data' ? place : 0;
  const source = openFileBody(await open(join(folder, part.file), 'r'), start, start + part.size, undefined);
  let position = place;
  for await (const chunk of source) {
    await writeFully(target, chunk, position);
    position += chunk.byteLength;
  }
}
