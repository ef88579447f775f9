import { join } from 'node:path';
import { expect } from 'vitest';
import { folderTest as test } from '../../test/images/folder-test.ts';
import { describeBytes } from '../../test/images/build-image.ts';
import type { Bucket } from '../bucket/bucket.ts';
import { aroundBucket } from '../bucket/decorators/around-bucket.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import { BucketError } from '../errors/bucket-error.ts';
import { formatKey } from '../layout/keys.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';
import { createByteBudget } from '../parallel/byte-budget.ts';
import { type ByteSource, bytesSource } from '../streams/byte-source.ts';
import { systemClock } from '../streams/clock.ts';
import { readAll } from '../streams/read-all.ts';
import { openRepository } from './repository.ts';
import type { UploadJournal } from './upload-journal.ts';
import { openJournalFolder } from './upload-journal.node.ts';

/*
 * Uploads into a store of which the listing proves nothing: its ETags look like MD5s and are none, as under keys of a KMS.
 */
const clock = systemClock;
const name = parseRepositoryName('team/app');
/** Six parts of 128 bytes and one of 32. */
const large = Uint8Array.from({ length: 800 }, (_, index) => (index * 31 + (index >> 8)) % 251);
const layer = describeBytes('application/octet-stream', large);
const key = formatKey({ kind: 'blob', name, digest: layer.digest });

const openJournal = (folder: string): UploadJournal => openJournalFolder({ folder: join(folder, 'uploads'), location: 'memory:', clock });

/** Pushes the large blob as one process, and counts the parts that it sends; the store fails at part `failAt`. */
async function push(
  inner: Bucket,
  journal: UploadJournal | undefined,
  { source = bytesSource(large), failAt = Infinity }: { readonly source?: ByteSource; readonly failAt?: number } = {},
): Promise<{ readonly sent: number; readonly kept: number; readonly error: unknown }> {
  let [sent, kept] = [0, 0];
  const bucket = aroundBucket(inner, {
    async call(operation, run) {
      if (operation.name !== 'putPart') return run();
      if (sent + 1 >= failAt) throw new BucketError('connection-failed', 'Cannot send: reset');
      sent += 1;
      return run();
    },
    iterate: (_, open) => open(),
  });
  const repository = openRepository(bucket, name, { clock, partSizeBytes: 128, budget: createByteBudget(200), journal });
  const putting = repository.blobs.put(layer, source, { onKept: (bytes) => void (kept += bytes) });
  const error: unknown = await putting.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return { sent, kept, error };
}

const openStore = (): Bucket => createMemoryBucket({ clock, location: 'memory:', quirks: { opaqueETags: true } });

async function expectWhole(bucket: Bucket): Promise<void> {
  const content = await bucket.get(key);
  expect(Buffer.from(await readAll(content!.body, 1e6, 'a blob')).equals(large)).toBe(true);
}

test('what a process sent before it broke off is kept by the next one of the same machine, and only there', async ({ folder }) => {
  const bucket = openStore();
  expect(await push(bucket, openJournal(join(folder, 'here')), { failAt: 5 })).toMatchObject({
    sent: 4,
    error: { code: 'connection-failed' },
  });
  expect(await push(bucket, openJournal(join(folder, 'elsewhere')), { failAt: 2 })).toMatchObject({ sent: 1, kept: 0 });
  // The part that the other machine replaced has the same bytes; this store gives equal ETags to equal bytes, as nobody need.
  expect(await push(bucket, openJournal(join(folder, 'here')))).toEqual({ sent: 3, kept: 512, error: undefined });
  await expectWhole(bucket);
  expect(await openJournal(join(folder, 'here')).listKeys()).toEqual([]);
});

test('without a journal all is sent anew', async () => {
  const bucket = openStore();
  expect(await push(bucket, undefined, { failAt: 5 })).toMatchObject({ sent: 4 });
  expect(await push(bucket, undefined)).toEqual({ sent: 7, kept: 0, error: undefined });
  await expectWhole(bucket);
});

test('a part that was replaced after it was noted is sent again', async ({ folder }) => {
  const bucket = openStore();
  await push(bucket, openJournal(folder), { failAt: 5 });
  const [upload] = await Array.fromAsync(bucket.multipart!.listUploads(key));
  await bucket.multipart!.putPart(upload!, 2, bytesSource(new Uint8Array(128)));
  expect(await push(bucket, openJournal(folder))).toEqual({ sent: 4, kept: 384, error: undefined });
  await expectWhole(bucket);
});

test('notes of other bytes, sent under the same digest from a source that was wrong, prove nothing of the right ones', async ({
  folder,
}) => {
  const bucket = openStore();
  const wrong = large.with(200, 1 + (large[200] ?? 0));
  expect(await push(bucket, openJournal(folder), { source: bytesSource(wrong) })).toMatchObject({ error: { code: 'digest-mismatch' } });
  expect(await bucket.head(key)).toBeUndefined();
  const { sent, kept, error } = await push(bucket, openJournal(folder));
  expect([error, sent * 128 + kept >= 800, kept < 800]).toEqual([undefined, true, true]);
  await expectWhole(bucket);
});

test('a journal that lies about digests makes parts be sent again, and nothing wrong visible', async ({ folder }) => {
  const bucket = openStore();
  const lying: UploadJournal = {
    ...openJournal(folder),
    open: async () => ({ sha256Of: () => 'f'.repeat(64), note: async () => undefined }),
  };
  await push(bucket, undefined, { failAt: 5 });
  expect(await push(bucket, lying)).toEqual({ sent: 7, kept: 0, error: undefined });
  await expectWhole(bucket);
});

test('where ETags are MD5s nothing of parts is noted', async ({ folder }) => {
  const bucket = createMemoryBucket({ clock, location: 'memory:' });
  const noted: unknown[] = [];
  const journal = openJournal(folder);
  const counting: UploadJournal = {
    ...journal,
    async open(upload) {
      const notes = await journal.open(upload);
      return { ...notes, note: async (...words) => void noted.push(words) };
    },
  };
  expect(await push(bucket, counting, { failAt: 5 })).toMatchObject({ sent: 4 });
  expect([noted, await journal.listKeys()]).toEqual([[], [key]]);
  expect(await push(bucket, counting)).toEqual({ sent: 3, kept: 512, error: undefined });
});
