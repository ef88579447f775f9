import { join } from 'node:path';
import type { ObjectHeaders } from '../bucket.ts';
import type { ObjectKey } from '../object-key.ts';
import { readText } from './durable-file.node.ts';

/** What `upload.json` says of an upload, from its beginning on. */
export interface UploadRecord {
  readonly key: ObjectKey;
  readonly partSize: number;
  readonly initiatedMs: number;
  readonly headers: ObjectHeaders;
}

/** The record in the folder of an upload; undefined where there is none. */
export async function readUploadRecord(folder: string): Promise<UploadRecord | undefined> {
  const text = await readText(join(folder, 'upload.json'));
  return text === undefined ? undefined : (JSON.parse(text) as UploadRecord);
}
