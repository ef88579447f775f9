import { expect, test } from 'vitest';
import type { UploadHandle } from '../bucket/multipart-uploads.ts';
import { BucketError } from '../errors/bucket-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseDigest } from '../oci/digest.ts';
import type { FoundUpload, OpenUpload } from './blob-upload.ts';
import { searchBlob } from './blob-search.ts';

const blob: Descriptor = { mediaType: 'application/octet-stream', digest: parseDigest(`sha256:${'a'.repeat(64)}`), size: 10 };

/** A search among blobs of which this is said. */
async function search(said: { size?: number | Error; upload?: string | Error; created?: string | Error }, ahead = new Set<UploadHandle>()) {
  const answer = <T>(value: T | Error): T => {
    if (value instanceof Error) throw value;
    return value;
  };
  const toUpload = (uploadId: string | undefined): OpenUpload | undefined =>
    uploadId === undefined ? undefined : { handle: { key: 'key' as UploadHandle['key'], uploadId }, listed: new Map() };
  const finding = await searchBlob(
    {
      head: async () => answer(said.size),
      findUpload: async (): Promise<FoundUpload> => ({ upload: toUpload(answer(said.upload)) }),
      createUpload: async () => toUpload(answer(said.created)),
    },
    blob,
    { createdAhead: ahead },
  );
  const { isThere, isMissed, upload, superfluous } = finding;
  return { isThere, isMissed, upload: upload?.upload?.handle.uploadId, superfluous: superfluous?.uploadId };
}

const failure = new BucketError('store-unavailable', 'Cannot ask: down');

test('a blob that is missed goes on with the upload that was begun beside the search', async () => {
  expect(await search({ created: 'ours' })).toEqual({ isThere: false, isMissed: true, upload: 'ours', superfluous: undefined });
});

test('an upload of others, or the blob itself, makes ours superfluous', async () => {
  expect(await search({ upload: 'theirs', created: 'ours' })).toMatchObject({ upload: 'theirs', superfluous: 'ours' });
  expect(await search({ size: 10, created: 'ours' })).toMatchObject({ isThere: true, isMissed: false, superfluous: 'ours' });
});

test('what stands there with another size is not the blob, and not missed', async () => {
  expect(await search({ size: 9, created: 'ours' })).toMatchObject({ isThere: false, isMissed: false, upload: 'ours' });
});

test('fails with what it must know only', async () => {
  await expect(search({ size: failure })).rejects.toBe(failure);
  await expect(search({ upload: failure })).rejects.toBe(failure);
  expect(await search({ size: 10, upload: failure, created: failure })).toMatchObject({ isThere: true });
  expect(await search({ created: failure })).toMatchObject({ isMissed: true, upload: undefined });
});
