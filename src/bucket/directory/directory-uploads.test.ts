import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collect, expectCode, patternBytes, readBytes, textSource } from '../../../test/contract/bucket-contract-harness.ts';
import { type ByteSource, bytesSource } from '../../streams/byte-source.ts';
import type { Bucket } from '../bucket.ts';
import { toObjectKey } from '../object-key.ts';
import { openDirectoryBucket } from './directory-bucket.node.ts';
import { digestKey } from './spell-key.ts';

const key = toObjectKey('v2/app/blobs/sha256:ab');

let root: string;
let bucket: Bucket;
const internal = (...names: readonly string[]): string => join(root, '.directory-bucket', ...names);

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bucketry-uploads-'));
  bucket = await openDirectoryBucket({ root });
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('an upload', () => {
  const uploads = (): NonNullable<Bucket['multipart']> => bucket.multipart!;
  const partSize = 100_000;
  const bytes = patternBytes(250_000);
  const part = (number: number): ByteSource => bytesSource(bytes.subarray((number - 1) * partSize, number * partSize));
  const begin = (): ReturnType<NonNullable<Bucket['multipart']>['create']> => uploads().create(key, { size: bytes.byteLength, partSize });

  it('has exactly the bytes of the parts named though two send the same part at once', async () => {
    for (let round = 0; round < 10; round++) {
      const upload = await begin();
      const others = [1, 2].map((number) => uploads().putPart(upload, number, bytesSource(patternBytes(partSize, 7))));
      const ours = [1, 2].map((number) => uploads().putPart(upload, number, part(number)));
      await Promise.all([...others, ...ours]);
      const again = await Promise.all([1, 2, 3].map((number) => uploads().putPart(upload, number, part(number))));
      await uploads().complete(upload, again);
      expect(Buffer.from(await readBytes(bucket, key)).equals(bytes)).toBe(true);
    }
  });

  it('is not touched by a sender that goes on after it was completed', async () => {
    const upload = await begin();
    const go = Promise.withResolvers<undefined>();
    const slow = uploads().putPart(upload, 1, slowSource(partSize, go.promise));
    await expect.poll(() => readdir(internal('uploads', upload.uploadId))).toContain('1.claim');
    const parts = await Promise.all([1, 2, 3].map((number) => uploads().putPart(upload, number, part(number))));
    await uploads().complete(upload, parts);
    go.resolve(undefined);
    await expectCode(slow, 'upload-missing');
    expect(Buffer.from(await readBytes(bucket, key)).equals(bytes)).toBe(true);
  });

  it('keeps all its parts when a Complete of fewer is refused', async () => {
    await bucket.put(key, textSource('before'));
    const upload = await begin();
    const parts = await Promise.all([1, 2, 3].map((number) => uploads().putPart(upload, number, part(number))));
    await expectCode(uploads().complete(upload, parts.slice(0, 2), { ifNoneMatch: '*' }), 'precondition-failed');
    await uploads().complete(upload, parts);
    expect(Buffer.from(await readBytes(bucket, key)).equals(bytes)).toBe(true);
  });

  it('ends where a shorter last part replaced a longer one', async () => {
    const upload = await begin();
    const first = await uploads().putPart(upload, 1, part(1));
    await uploads().putPart(upload, 2, part(2));
    const second = await uploads().putPart(upload, 2, bytesSource(new Uint8Array([1, 2, 3])));
    await uploads().complete(upload, [first, second]);
    expect(await bucket.head(key)).toMatchObject({ size: partSize + 3 });
    expect((await readBytes(bucket, key)).subarray(-3)).toEqual(new Uint8Array([1, 2, 3]));
  });

  it('refuses parts that are unequal, too large or not all there', async () => {
    const upload = await begin();
    const [first, third] = [await uploads().putPart(upload, 1, part(3)), await uploads().putPart(upload, 2, part(2))];
    await expectCode(uploads().complete(upload, [first, third]), 'part-invalid');
    await expectCode(uploads().complete(upload, [third]), 'part-invalid');
    await expectCode(uploads().complete(upload, []), 'part-invalid');
    await expectCode(uploads().putPart(upload, 3, bytesSource(new Uint8Array(partSize + 1))), 'object-too-large');
  });

  it('is found by nobody under a name that leads elsewhere', async () => {
    for (const uploadId of ['../uploads', '..', '', `${digestKey(key)}-../../../x`, `${digestKey(toObjectKey('x'))}-${'0'.repeat(16)}`]) {
      await expectCode(uploads().putPart({ key, uploadId }, 1, part(1)), 'upload-missing');
      await uploads().abort({ key, uploadId });
    }
  });

  it('is continued after a new start', async () => {
    const upload = await begin();
    const first = await uploads().putPart(upload, 1, part(1));
    bucket = await openDirectoryBucket({ root });
    expect(await collect(uploads().listUploads(key))).toMatchObject([upload]);
    expect(await collect(uploads().listParts(upload))).toMatchObject([first]);
    const rest = await Promise.all([2, 3].map((number) => uploads().putPart(upload, number, part(number))));
    await uploads().complete(upload, [first, ...rest]);
    expect(Buffer.from(await readBytes(bucket, key)).equals(bytes)).toBe(true);
  });
});

function slowSource(size: number, go: Promise<undefined>): ByteSource {
  return {
    size,
    seekable: true,
    async *open() {
      yield new Uint8Array(size / 2).fill(0xee);
      await go;
      yield new Uint8Array(size / 2).fill(0xee);
    },
  };
}
