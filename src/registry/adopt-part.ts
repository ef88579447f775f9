import type { ETag } from '../bucket/bucket.ts';
import type { ListedPart } from '../bucket/multipart-uploads.ts';
import type { ByteSource } from '../streams/byte-source.ts';
import { createHasher } from '../streams/hasher.ts';

const md5Etag = /^"?([a-f0-9]{32})"?$/;

/**
 * Whether a part that the store lists holds these bytes: by its SHA-256 if the store tells it, else by an ETag that is an MD5. A CRC proves nothing, and where there is
 * neither, the part is sent again. (An ETag that looks like an MD5 and is not, as with SSE-KMS, only fails to compare.)
 */
export async function isSamePart(listed: ListedPart, bytes: ByteSource): Promise<boolean> {
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
