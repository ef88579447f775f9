import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BucketError } from '../../errors/bucket-error.ts';
import type { ByteSource } from '../../streams/byte-source.ts';
import type { ETag } from '../bucket.ts';
import type { UploadedPart, UploadHandle } from '../multipart-uploads.ts';
import { receiveBody } from '../received-body.ts';
import { hasErrno } from './directory-error.node.ts';
import { type Durability, readText, writeFully, writeText } from './durable-file.node.ts';
import { formatETag } from './object-record.node.ts';

/** A part that is whole: what `N.json` holds. */
export interface PartRecord {
  readonly partNumber: number;
  readonly etag: ETag;
  readonly size: number;
  readonly sha256: string;
  /** The file in the upload's folder that has its bytes: `data`, at the part's place, or one of its own. */
  readonly file: string;
}

interface PartToReceive {
  readonly partNumber: number;
  readonly partSize: number;
  readonly body: ByteSource;
  readonly sha256: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Writes one part and records it; what stands in the comment of `directory-uploads` says where, and why. */
export async function receivePart(
  folder: string,
  { key }: UploadHandle,
  part: PartToReceive,
  durability: Durability,
): Promise<UploadedPart> {
  const { partNumber, partSize, body, sha256, signal } = part;
  const what = `part ${partNumber} of "${key}"`;
  if (body.size > partSize) {
    throw new BucketError(
      'object-too-large',
      `Cannot store ${what}: it has ${body.size} bytes, the upload was begun with parts of ${partSize}`,
    );
  }
  const claim = join(folder, `${partNumber}.claim`);
  const claimed = await createOnce(claim);
  const file = claimed ? 'data' : `${partNumber}.${randomBytes(8).toString('hex')}`;
  try {
    const handle = await open(join(folder, file), claimed ? 'r+' : 'wx');
    const start = claimed ? (partNumber - 1) * partSize : 0;
    const digest = await writePart(handle, start, what, { body, sha256, signal }, durability);
    if (claimed) await writeFile(join(folder, `${partNumber}.done`), '');
    const record: PartRecord = { partNumber, etag: formatETag(digest), size: body.size, sha256: digest, file };
    await recordPart(folder, record, durability);
    return { partNumber, etag: record.etag };
  } catch (error) {
    // We write no more, so the place in `data` is free for the next who tries; who claims it then is not done.
    if (claimed) await rm(join(folder, `${partNumber}.done`), { force: true });
    await rm(claimed ? claim : join(folder, file), { force: true });
    throw error;
  }
}

async function writePart(
  handle: FileHandle,
  start: number,
  what: string,
  { body, ...options }: Pick<PartToReceive, 'body' | 'sha256' | 'signal'>,
  { fsync }: Durability,
): Promise<string> {
  try {
    let position = start;
    const write = async (chunk: Uint8Array): Promise<void> => {
      await writeFully(handle, chunk, position);
      position += chunk.byteLength;
    };
    const { digest } = await receiveBody(what, body, write, { ...options, digestAlgorithm: 'sha256' });
    // The record must not outlive a power failure that its bytes did not.
    if (fsync) await handle.datasync();
    return digest;
  } finally {
    await handle.close();
  }
}

async function recordPart(folder: string, record: PartRecord, durability: Durability): Promise<void> {
  const temporary = join(folder, `${record.partNumber}.${randomBytes(8).toString('hex')}.new`);
  await writeText(temporary, JSON.stringify(record), { fsync: durability.fsync });
  await rename(temporary, join(folder, `${record.partNumber}.json`));
}

async function createOnce(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close();
    return true;
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

/** The parts that are whole, in order of number. */
export async function listPartRecords(folder: string): Promise<PartRecord[]> {
  const numbers = await listNumbers(folder, 'json');
  const records = await Promise.all(numbers.map((partNumber) => readText(join(folder, `${partNumber}.json`))));
  return records.flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as PartRecord]));
}

/** The parts whose place in `data` was claimed, and those of them whose claimer writes no more. */
export async function listClaims(folder: string): Promise<{ readonly claimed: readonly number[]; readonly done: readonly number[] }> {
  return { claimed: await listNumbers(folder, 'claim'), done: await listNumbers(folder, 'done') };
}

async function listNumbers(folder: string, suffix: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => name.endsWith(`.${suffix}`) && /^\d+\.[a-z]+$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((left, right) => left - right);
}
