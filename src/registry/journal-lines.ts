import type { UploadedPart, UploadHandle } from '../bucket/multipart-uploads.ts';

/*
 * A journal of an upload is a text of lines, each a JSON object, that is only ever appended to:
 *
 *   {"location":"s3://images","key":"v2/app/blobs/sha256:…","uploadId":"…"}
 *   {"part":3,"etag":"\"…\"","sha256":"…"}
 *
 * Each line begins with a line feed, too, so that one that a crash has cut spoils no other. What is not such a line counts as not there, whoever wrote it.
 */

/** Largest journal that is read or added to, in bytes: 10,000 parts, most of them sent twice. */
export const maxJournalBytes: number = 4 * 1024 * 1024;
const maxParts = 10_000;
const maxTextLength = 2048;

/** An upload, and the bucket that it is in. */
export interface JournaledUpload extends UploadHandle {
  readonly location: string;
}

/** What a journal says. */
export interface JournalContent {
  /** Undefined where no line says it. */
  readonly upload: { readonly location: string; readonly key: string; readonly uploadId: string } | undefined;
  /** SHA-256 by part and ETag (see `partName`). */
  readonly parts: ReadonlyMap<string, string>;
}

/** The name of a part with the ETag that it was given. */
export function partName({ partNumber, etag }: UploadedPart): string {
  return `${partNumber} ${etag}`;
}

export function formatUploadLine({ location, key, uploadId }: JournaledUpload): string {
  return `\n${JSON.stringify({ location, key, uploadId })}\n`;
}

export function formatPartLine({ partNumber, etag }: UploadedPart, sha256: string): string {
  return `\n${JSON.stringify({ part: partNumber, etag, sha256 })}\n`;
}

/** Reads a journal, whatever is in it. */
export function parseJournal(text: string): JournalContent {
  let upload: JournalContent['upload'];
  const parts = new Map<string, string>();
  for (const line of text.split('\n')) {
    const { location, key, uploadId, part, etag, sha256 } = parseLine(line);
    if (isText(location) && isText(key) && isText(uploadId)) upload ??= { location, key, uploadId };
    else if (isPartNumber(part) && isText(etag) && isText(sha256) && /^[0-9a-f]{64}$/.test(sha256)) {
      parts.set(partName({ partNumber: part, etag }), sha256);
    }
  }
  return { upload, parts };
}

function parseLine(line: string): Readonly<Record<string, unknown>> {
  if (!line.startsWith('{')) return {};
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxTextLength;
}

function isPartNumber(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= maxParts;
}
