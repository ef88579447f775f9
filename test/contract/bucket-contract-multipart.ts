import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { expect } from 'vitest';
import type { MultipartUploads, UploadedPart, UploadHandle } from '../../src/bucket/multipart-uploads.ts';
import type { ObjectKey } from '../../src/bucket/object-key.ts';
import { hasCode } from '../../src/errors/coded-error.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import {
  collect,
  type ContractRun,
  type DefineTest,
  expectCode,
  listKeys,
  patternBytes,
  readBytes,
  readText,
  textSource,
} from './bucket-contract-harness.ts';

const racers = 20;

/** `multipart`; skipped, visibly, where a store has none. */
export function defineMultipartTests(define: DefineTest): void {
  const defineUpload = (title: string, test: (run: UploadRun) => Promise<void>): void =>
    define(title, async (run) => {
      const uploads = run.need(run.bucket.multipart, 'multipart uploads');
      const partSize = Math.max(run.bucket.abilities.minPartBytes, 65_536);
      await test({ ...run, uploads, partSize, bytes: patternBytes(partSize * 2 + 1000, 3) });
    });

  defineUpload('makes one object of parts that came in any order', async (run) => {
    const upload = await begin(run, { contentType: 'application/x-layer', cacheControl: 'immutable', metadata: { digest: 'sha256:x' } });
    const third = await putPart(run, upload, 3);
    const [first, second] = await Promise.all([putPart(run, upload, 1), putPart(run, upload, 2)]);
    expect([first.partNumber, second.partNumber, third.partNumber]).toEqual([1, 2, 3]);
    const { etag } = await run.uploads.complete(upload, [first, second, third]);
    expect(Buffer.from(await readBytes(run.bucket, upload.key)).equals(run.bytes)).toBe(true);
    expect(await run.bucket.head(upload.key)).toMatchObject({
      size: run.bytes.byteLength,
      etag,
      contentType: 'application/x-layer',
      cacheControl: 'immutable',
      metadata: { digest: 'sha256:x' },
    });
  });

  defineUpload('shows nothing before it is complete', async (run) => {
    const upload = await begin(run);
    const parts = await putAllParts(run, upload);
    expect(await run.bucket.head(upload.key)).toBeUndefined();
    expect(await run.bucket.get(upload.key)).toBeUndefined();
    expect(await listKeys(run.bucket, { prefix: run.prefix })).toEqual([]);
    await run.uploads.complete(upload, parts);
    expect(await listKeys(run.bucket, { prefix: run.prefix })).toEqual([upload.key]);
  });

  defineUpload('leaves the object that was there until it is complete', async (run) => {
    await run.bucket.put(run.key('object'), textSource('before'));
    const upload = await begin(run);
    const parts = await putAllParts(run, upload);
    expect(await readText(run.bucket, upload.key)).toBe('before');
    await run.uploads.complete(upload, parts);
    expect((await run.bucket.head(upload.key))?.size).toBe(run.bytes.byteLength);
  });

  defineUpload('lists the parts that are there, in order', async (run) => {
    const upload = await begin(run);
    expect(await collect(run.uploads.listParts(upload))).toEqual([]);
    const third = await putPart(run, upload, 3);
    const first = await putPart(run, upload, 1);
    const listed = await collect(run.uploads.listParts(upload));
    expect(listed).toMatchObject([
      { ...first, size: run.partSize },
      { ...third, size: 1000 },
    ]);
    for (const part of listed) expect([undefined, partDigest(run, part.partNumber)]).toContain(part.sha256);
    await run.uploads.abort(upload);
  });

  defineUpload('takes a part again, and the last one counts', async (run) => {
    const upload = await begin(run);
    const wrong = await run.uploads.putPart(upload, 1, bytesSource(patternBytes(run.partSize, 9)));
    const parts = await putAllParts(run, upload);
    expect(parts[0]?.etag).not.toBe(wrong.etag);
    expect(await collect(run.uploads.listParts(upload))).toMatchObject(parts);
    await run.uploads.complete(upload, parts);
    expect(Buffer.from(await readBytes(run.bucket, upload.key)).equals(run.bytes)).toBe(true);
  });

  defineUpload('refuses a part that was replaced after it was named', async (run) => {
    const upload = await begin(run);
    const parts = await putAllParts(run, upload);
    await run.uploads.putPart(upload, 2, bytesSource(patternBytes(run.partSize, 9)));
    await expectCode(run.uploads.complete(upload, parts), 'part-invalid');
    expect(await run.bucket.head(upload.key)).toBeUndefined();
    const second = await putPart(run, upload, 2);
    await run.uploads.complete(upload, [parts[0]!, second, parts[2]!]);
    expect(Buffer.from(await readBytes(run.bucket, upload.key)).equals(run.bytes)).toBe(true);
  });

  defineUpload('refuses a part that is not there', async (run) => {
    const upload = await begin(run);
    const parts = await putAllParts(run, upload);
    await expectCode(run.uploads.complete(upload, [...parts, { partNumber: 4, etag: parts[0]!.etag }]), 'part-invalid');
    expect(await run.bucket.head(upload.key)).toBeUndefined();
    await run.uploads.abort(upload);
  });

  defineUpload('accepts a part with its SHA-256 and refuses others', async (run) => {
    const upload = await begin(run);
    const right = await run.uploads.putPart(upload, 1, partSource(run, 1), { sha256: partDigest(run, 1) });
    if (run.bucket.abilities.verifiesSha256) {
      await expectCode(run.uploads.putPart(upload, 2, partSource(run, 2), { sha256: partDigest(run, 1) }), 'checksum-mismatch');
    }
    expect(await collect(run.uploads.listParts(upload))).toMatchObject([right]);
    await run.uploads.abort(upload);
  });

  defineUpload('accepts a part with its CRC-32 and refuses others, where the store checks it', async (run) => {
    run.need(run.bucket.abilities.verifiesCrc32, 'verifiesCrc32');
    const upload = await begin(run);
    const crc32Of = (partNumber: number): string => crc32(partBytes(run, partNumber)).toString(16).padStart(8, '0');
    const right = await run.uploads.putPart(upload, 1, partSource(run, 1), { crc32: crc32Of(1) });
    await expectCode(run.uploads.putPart(upload, 2, partSource(run, 2), { crc32: crc32Of(1) }), 'checksum-mismatch');
    expect(await collect(run.uploads.listParts(upload))).toMatchObject([{ ...right, size: run.partSize }]);
    await run.uploads.abort(upload);
  });

  defineUpload('lists unfinished uploads of exactly this key', async (run) => {
    const [key, neighbour] = [run.key('blobs/sha256:ab'), run.key('blobs/sha256:abc')];
    const first = await begin(run, { key });
    const second = await begin(run, { key });
    const other = await begin(run, { key: neighbour });
    expect(first.uploadId).not.toBe(second.uploadId);
    const listed = await collect(run.uploads.listUploads(key));
    expect(listed.map(({ uploadId }) => uploadId).sort()).toEqual([first.uploadId, second.uploadId].sort());
    for (const upload of listed) {
      expect(upload.key).toBe(key);
      expect(Math.abs(upload.initiated.getTime() - Date.now())).toBeLessThan(60_000);
    }
    await Promise.all([first, second, other].map((upload) => run.uploads.abort(upload)));
    expect(await collect(run.uploads.listUploads(key))).toEqual([]);
  });

  defineUpload('lists the uploads below a prefix, or none where it tells only those of a key', async (run) => {
    const [first, second, other] = [
      await begin(run, { key: run.key('below/a') }),
      await begin(run, { key: run.key('below/b') }),
      await begin(run),
    ];
    const listed = await collect(run.uploads.listUploadsBelow(run.key('below/')));
    const ids = listed.map(({ uploadId }) => uploadId).sort();
    expect([[], [first.uploadId, second.uploadId].sort()]).toContainEqual(ids);
    for (const { key } of listed) expect([first.key, second.key]).toContain(key);
    await Promise.all([first, second, other].map((upload) => run.uploads.abort(upload)));
  });

  defineUpload('aborts an upload, also twice', async (run) => {
    const upload = await begin(run);
    const parts = await putAllParts(run, upload);
    await run.uploads.abort(upload);
    await run.uploads.abort(upload);
    await expectCode(putPart(run, upload, 1), 'upload-missing');
    await expectCode(run.uploads.complete(upload, parts), 'upload-missing');
    await expectCode(collect(run.uploads.listParts(upload)), 'upload-missing');
    expect(await run.bucket.head(upload.key)).toBeUndefined();
  });

  defineUpload('forgets an upload that is complete', async (run) => {
    const upload = await begin(run);
    const parts = await putAllParts(run, upload);
    await run.uploads.complete(upload, parts);
    await expectCode(putPart(run, upload, 1), 'upload-missing');
    expect(await collect(run.uploads.listUploads(upload.key))).toEqual([]);
    await run.uploads.abort(upload);
    expect((await run.bucket.head(upload.key))?.size).toBe(run.bytes.byteLength);
  });

  defineUpload('completes conditionally, and the upload outlives a refusal', async (run) => {
    await run.bucket.put(run.key('object'), textSource('before'));
    const upload = await begin(run);
    const parts = await putAllParts(run, upload);
    switch (run.bucket.abilities.conditionalPut) {
      case 'atomic':
        await expectCode(run.uploads.complete(upload, parts, { ifNoneMatch: '*' }), 'precondition-failed');
        expect(await readText(run.bucket, upload.key)).toBe('before');
        await run.bucket.delete(upload.key);
        await run.uploads.complete(upload, parts, { ifNoneMatch: '*' });
        break;
      case 'none':
        await expectCode(run.uploads.complete(upload, parts, { ifNoneMatch: '*' }), 'operation-unsupported');
        expect(await readText(run.bucket, upload.key)).toBe('before');
        await run.uploads.complete(upload, parts);
        break;
      case 'ignored':
        await run.uploads.complete(upload, parts, { ifNoneMatch: '*' });
    }
    expect(Buffer.from(await readBytes(run.bucket, upload.key)).equals(run.bytes)).toBe(true);
  });

  defineUpload('lets exactly one of 20 racing uploads win', async (run) => {
    const uploads = await Promise.all(Array.from({ length: racers }, () => begin(run, { size: 8 })));
    const parts = await Promise.all(uploads.map((upload, index) => run.uploads.putPart(upload, 1, textSource(racerText(index)))));
    const settled = await Promise.allSettled(
      uploads.map((upload, index) => run.uploads.complete(upload, [parts[index]!], { ifNoneMatch: '*' })),
    );
    const winners = settled.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []));
    const losses = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    if (run.bucket.abilities.conditionalPut === 'atomic') {
      expect(losses.filter((loss) => !hasCode(loss, 'precondition-failed', 'write-conflict'))).toEqual([]);
      expect(winners).toHaveLength(1);
      expect(await readText(run.bucket, run.key('object'))).toBe(racerText(winners[0]!));
    } else {
      expect(winners).toHaveLength(run.bucket.abilities.conditionalPut === 'none' ? 0 : racers);
    }
    await Promise.all(uploads.map((upload) => run.uploads.abort(upload)));
  });

  defineUpload('makes parts of ranges of another object', async (run) => {
    run.need(run.uploads.copyPart !== undefined, 'copyPart');
    const copyPart: NonNullable<MultipartUploads['copyPart']> = (...args) => run.uploads.copyPart!(...args);
    const from = run.key('from:a+b ü');
    await run.bucket.put(from, bytesSource(run.bytes));
    const upload = await begin(run);
    const copied = await copyPart(upload, 1, from, { start: 0, end: run.partSize });
    const second = await putPart(run, upload, 2);
    const third = await copyPart(upload, 3, from, { start: run.partSize * 2, end: run.bytes.byteLength });
    await run.uploads.complete(upload, [copied, second, third]);
    expect(Buffer.from(await readBytes(run.bucket, upload.key)).equals(run.bytes)).toBe(true);
    await expectCode(copyPart(await begin(run), 1, run.key('missing'), { start: 0, end: 1 }), 'object-missing');
  });

  defineUpload('leaves no part of a body that fails or ends early', async (run) => {
    const upload = await begin(run);
    const short = { ...textSource('short'), size: 10 };
    await expect(run.uploads.putPart(upload, 1, short)).rejects.toThrow();
    expect(await collect(run.uploads.listParts(upload))).toEqual([]);
    const parts = await putAllParts(run, upload);
    await run.uploads.complete(upload, parts);
    expect(Buffer.from(await readBytes(run.bucket, upload.key)).equals(run.bytes)).toBe(true);
  });
}

interface UploadRun extends ContractRun {
  readonly uploads: MultipartUploads;
  readonly partSize: number;
  /** Two parts of `partSize` and a third of 1,000 bytes. */
  readonly bytes: Uint8Array;
}

type BeginOptions = { readonly key?: ObjectKey; readonly size?: number } & Partial<Parameters<MultipartUploads['create']>[1]>;

function begin(run: UploadRun, { key = run.key('object'), ...headers }: BeginOptions = {}): Promise<UploadHandle> {
  return run.uploads.create(key, { size: run.bytes.byteLength, partSize: run.partSize, ...headers });
}

function partBytes({ bytes, partSize }: UploadRun, partNumber: number): Uint8Array {
  return bytes.subarray((partNumber - 1) * partSize, partNumber * partSize);
}

function partSource(run: UploadRun, partNumber: number): ReturnType<typeof bytesSource> {
  return bytesSource(partBytes(run, partNumber));
}

function partDigest(run: UploadRun, partNumber: number): string {
  return createHash('sha256').update(partBytes(run, partNumber)).digest('hex');
}

function putPart(run: UploadRun, upload: UploadHandle, partNumber: number): Promise<UploadedPart> {
  return run.uploads.putPart(upload, partNumber, partSource(run, partNumber));
}

function putAllParts(run: UploadRun, upload: UploadHandle): Promise<UploadedPart[]> {
  return Promise.all([1, 2, 3].map((partNumber) => putPart(run, upload, partNumber)));
}

function racerText(index: number): string {
  return `racer ${String(index).padStart(2, '0')}`;
}
