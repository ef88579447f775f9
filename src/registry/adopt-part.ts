import type { ETag } from '../bucket/bucket.ts';
import type { ListedPart, UploadedPart } from '../bucket/multipart-uploads.ts';
import type { ByteSource } from '../streams/byte-source.ts';
import { createHasher } from '../streams/hasher.ts';
import type { UploadNotes } from './upload-journal.ts';

const md5Etag = /^"?([a-f0-9]{32})"?$/;

/** What proves that parts of one upload, which the store lists, are one's own bytes. */
export interface PartProofs {
  /** Whether a listed part is proven to hold these bytes; where it is not, it is sent again. */
  isProven(listed: ListedPart, bytes: ByteSource): Promise<boolean>;
  /** Keeps what will prove a part that was sent just now, if the store's listing will not. */
  keep(sent: UploadedPart, bytes: ByteSource): Promise<void>;
}

/**
 * By what the store tells of a part, and by what this machine has noted of it. Whether the store's ETags are MD5s is seen from the first part that it answers; only where they are not are the others
 * digested and noted.
 *
 * A note proves a part only while the store lists it with the very ETag that this machine was given for those bytes: whoever replaces the part changes the ETag, and Complete refuses the old one.
 */
export function createPartProofs(opening: Promise<UploadNotes> | undefined): PartProofs {
  let hasMd5Etags: Promise<boolean> | undefined;
  return {
    async isProven(listed, bytes) {
      const noted = (await opening)?.sha256Of(listed);
      if (noted === undefined || listed.size !== bytes.size) return isSamePart(listed, bytes);
      return noted === (await digestOfSource('sha256', bytes));
    },
    async keep(sent, bytes) {
      if (!opening) return;
      hasMd5Etags ??= isMd5Of(sent.etag, bytes);
      if (await hasMd5Etags) return;
      const notes = await opening;
      await notes.note(sent, await digestOfSource('sha256', bytes));
    },
  };
}

/**
 * Whether a part that the store lists holds these bytes: by its SHA-256 if the store tells it, else by an ETag that is an MD5. A CRC proves nothing, and where there is
 * neither, the part is sent again. (An ETag that looks like an MD5 and is not, as with SSE-KMS, only fails to compare.)
 */
async function isSamePart(listed: ListedPart, bytes: ByteSource): Promise<boolean> {
  if (listed.size !== bytes.size) return false;
  if (listed.sha256 !== undefined) return listed.sha256 === (await digestOfSource('sha256', bytes));
  return isMd5Of(listed.etag, bytes);
}

/** Whether an ETag is the MD5 of these bytes: then every store and every request that gives it had them. */
export async function isMd5Of(etag: ETag, bytes: ByteSource): Promise<boolean> {
  const md5 = md5Etag.exec(etag)?.[1];
  return md5 !== undefined && md5 === (await digestOfSource('md5', bytes));
}

/** The digest of a part, in lower-case hex. */
export async function digestOfSource(algorithm: 'sha256' | 'md5', bytes: ByteSource): Promise<string> {
  const hasher = createHasher(algorithm);
  for await (const chunk of bytes.open({ mayReuse: true })) hasher.update(chunk);
  return hasher.hex();
}
