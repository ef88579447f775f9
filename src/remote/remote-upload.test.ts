import { describe, expect, test } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { describeBytes } from '../../test/images/build-image.ts';
import { bearer, preparePushes } from '../../test/token-registry/open-push.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { type ByteSource, bytesSource } from '../streams/byte-source.ts';

const layer = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251));
const blob = describeBytes(mediaTypes.layer, layer);
/** Chunks have 8 MiB. */
const large = Buffer.alloc(20_000_000, 'large');
const largeBlob = describeBytes(mediaTypes.layer, large);
const open = preparePushes();

const head = `HEAD blobs/${blob.digest}`;
const whole = ['POST blobs/uploads/', 'PUT blobs/uploads/ID'];

/** Counts what is told to be sent. */
function meter(): { readonly total: () => number; readonly onProgress: (bytes: number) => void } {
  let sum = 0;
  return { total: () => sum, onProgress: (bytes) => void (sum += bytes) };
}

describe('pushing a blob', () => {
  test.each(['relative', 'absolute'] as const)('sends it whole, in two requests, where the location is %s', async (location) => {
    const { registry, push, asked } = await open({ uploads: { location } });
    const { total, onProgress } = meter();
    await push.putBlob(blob, bytesSource(layer), { onProgress });
    expect(registry.blobs.get(blob.digest)).toEqual(layer);
    expect(asked()).toEqual(whole);
    expect(total()).toBe(layer.byteLength);
    expect(registry.openUploads.size).toBe(0);
  });

  test('sends an empty one', async () => {
    const empty = describeBytes(mediaTypes.layer, new Uint8Array());
    const { registry, push } = await open();
    await push.putBlob(empty, bytesSource(new Uint8Array()));
    expect(registry.blobs.get(empty.digest)).toHaveLength(0);
  });

  test('asks for a token that may push, though the registry names the right to pull', async () => {
    const { registry, push } = await open({ login: bearer });
    await push.putBlob(blob, bytesSource(layer));
    const tokens = registry.requests.filter(({ line }) => line.includes('/token'));
    expect(tokens.map(({ line }) => line)).toEqual(['GET /token?service=tests&scope=repository%3Ateam%2Fapp%3Apull%2Cpush']);
  });

  test.each([0, 3_600_000])('opens its bytes once more when the token ends between session and bytes, after %i ms', async (laterMs) => {
    const { registry, push, clock, asked } = await open({ login: bearer });
    const { total, onProgress } = meter();
    let opens = 0;
    const source: ByteSource = {
      ...bytesSource(layer),
      async *open(options) {
        opens += 1;
        if (opens === 1) {
          registry.revokeTokens();
          await clock.sleep(laterMs);
        }
        yield* bytesSource(layer).open(options);
      },
    };
    await push.putBlob(blob, source, { onProgress });
    expect(registry.blobs.get(blob.digest)).toEqual(layer);
    expect(asked()).toEqual(['POST blobs/uploads/', ...whole, 'PUT blobs/uploads/ID']);
    expect(opens).toBe(2);
    expect(total()).toBe(layer.byteLength);
  });

  test('takes no login along to another origin', async () => {
    for (const uploads of [{ location: 'elsewhere' }, { redirectsWith: 307 }, { redirectsWith: 308 }] as const) {
      const { registry, push } = await open({ login: { kind: 'basic', username: 'ada', password: 'sesame' }, uploads });
      await push.putBlob(blob, bytesSource(layer));
      expect(registry.blobs.get(blob.digest)).toEqual(layer);
      const elsewhere = registry.requests.filter(({ port }) => !registry.host.endsWith(`:${port}`));
      expect(elsewhere.map(({ authorization }) => authorization)).toEqual([undefined]);
    }
  });

  test('follows no redirect that would lose its bytes', async () => {
    for (const redirectsWith of [301, 302, 303]) {
      const { registry, push } = await open({ uploads: { redirectsWith } });
      const error = await rejection(push.putBlob(blob, bytesSource(layer)));
      expect(error).toMatchObject({ code: 'registry-invalid', message: expect.stringContaining(String(redirectsWith)) as unknown });
      expect(registry.blobs.has(blob.digest)).toBe(false);
    }
  });

  test('refuses an answer without a place to send it to', async () => {
    const { push } = await open({ uploads: { location: 'missing' } });
    expect(await rejection(push.putBlob(blob, bytesSource(layer)))).toMatchObject({ code: 'registry-invalid' });
  });
});

describe('pushing a blob in chunks', () => {
  const chunks = ['POST blobs/uploads/', ...Array<string>(3).fill('PATCH blobs/uploads/ID'), 'PUT blobs/uploads/ID'];

  test.each([405, 413, 501])('does so where a whole one is answered with %i, and remembers', async (refusesWholeWith) => {
    const { registry, push, asked } = await open({ uploads: { refusesWholeWith } });
    const { total, onProgress } = meter();
    await push.putBlob(largeBlob, bytesSource(large), { onProgress });
    expect(registry.blobs.get(largeBlob.digest)?.equals(large)).toBe(true);
    expect(total()).toBe(large.byteLength);
    expect(asked()).toEqual([...whole, ...chunks]);
    await push.putBlob(blob, bytesSource(layer));
    expect(asked().slice(-3)).toEqual(['POST blobs/uploads/', 'PATCH blobs/uploads/ID', 'PUT blobs/uploads/ID']);
  });

  test('makes them as large as the registry wants them', async () => {
    const { push, asked } = await open({ uploads: { refusesWholeWith: 405, minChunkBytes: 15_000_000 } });
    await push.putBlob(largeBlob, bytesSource(large));
    expect(asked().filter((line) => line.startsWith('PATCH'))).toHaveLength(2);
  });

  test('ignores what size they should have where none are needed', async () => {
    const { push, asked } = await open({ uploads: { minChunkBytes: 1_000_000 } });
    await push.putBlob(blob, bytesSource(layer));
    expect(asked()).toEqual(whole);
  });

  test('makes none that would fill the memory', async () => {
    const { push } = await open({ uploads: { refusesWholeWith: 405, minChunkBytes: 1_000_000_000 } });
    expect(await rejection(push.putBlob(blob, bytesSource(layer)))).toMatchObject({ code: 'registry-invalid' });
  });

  test('ends no session with other bytes than those promised', async () => {
    const { registry, push, asked } = await open({ uploads: { refusesWholeWith: 405 } });
    await push.putBlob(blob, bytesSource(layer));
    const other = Buffer.from(large);
    other[19_999_999] = 0;
    expect(await rejection(push.putBlob(largeBlob, bytesSource(other)))).toMatchObject({ code: 'digest-mismatch' });
    expect(registry.blobs.has(largeBlob.digest)).toBe(false);
    expect(asked().at(-1)).toMatch(/^PATCH/);
  });
});

describe('pushing a blob when something goes wrong', () => {
  test('begins again where the connection broke', async () => {
    const { registry, push, asked } = await open({ uploads: { breaksAfterBytes: 100_000 } });
    const { total, onProgress } = meter();
    await push.putBlob(blob, bytesSource(layer), { onProgress });
    expect(registry.blobs.get(blob.digest)).toEqual(layer);
    expect(asked()).toEqual([...whole, head, ...whole]);
    expect(total()).toBe(layer.byteLength);
  });

  test('sends it once where only the answer was lost', async () => {
    const { registry, push, asked } = await open({ uploads: { losesFirstAnswer: true } });
    await push.putBlob(blob, bytesSource(layer));
    expect(registry.blobs.has(blob.digest)).toBe(true);
    expect(asked()).toEqual([...whole, head]);
  });

  test.each(['POST', 'PUT'])('waits as long as the registry asks for when it limits a %s', async (method) => {
    const { registry, push, clock } = await open();
    registry.interruptions.push({ method, status: 429, headers: { 'retry-after': '7' } });
    const before = clock.now();
    await push.putBlob(blob, bytesSource(layer));
    expect(clock.now() - before).toBeGreaterThanOrEqual(7000);
    expect(registry.blobs.has(blob.digest)).toBe(true);
  });

  test('gives up when it never gets better, and says so', async () => {
    const { registry, push } = await open();
    registry.interruptions.push(...Array.from({ length: 10 }, () => ({ method: 'POST', status: 503 })));
    expect(await rejection(push.putBlob(blob, bytesSource(layer)))).toMatchObject({ code: 'registry-unavailable' });
    expect(registry.interruptions).toHaveLength(4);
  });

  test('begins another session when the registry has lost the first', async () => {
    const { registry, push } = await open();
    registry.interruptions.push({ method: 'PUT', status: 404 });
    await push.putBlob(blob, bytesSource(layer));
    expect(registry.blobs.has(blob.digest)).toBe(true);
  });

  test('says at once that the login may not push, or that there is no such repository', async () => {
    for (const [status, code] of [
      [403, 'denied'],
      [404, 'repository-missing'],
      [401, 'unauthorized'],
    ] as const) {
      const { registry, push, asked } = await open();
      registry.interruptions.push({ method: 'POST', status });
      expect(await rejection(push.putBlob(blob, bytesSource(layer)))).toMatchObject({ code });
      expect(asked()).toEqual(['POST blobs/uploads/']);
    }
  });

  test('stores no other bytes than those promised, and tries no second time', async () => {
    const { registry, push, asked } = await open();
    const other = Buffer.from(layer);
    other[299_999] = 255;
    expect(await rejection(push.putBlob(blob, bytesSource(other)))).toMatchObject({ code: 'digest-mismatch' });
    expect(await rejection(push.putBlob(blob, bytesSource(layer.subarray(1))))).toMatchObject({ code: 'size-mismatch' });
    expect(registry.blobs.size).toBe(0);
    expect(asked().filter((line) => line.startsWith('POST'))).toHaveLength(2);
  });

  test('hands on what the source fails with, and tries no second time', async () => {
    const { push, asked } = await open();
    const failure = new RegistryError('registry-unavailable', 'Cannot read the source');
    const source: ByteSource = {
      size: layer.byteLength,
      seekable: false,
      async *open() {
        yield layer.subarray(0, 1000);
        throw failure;
      },
    };
    expect(await rejection(push.putBlob(blob, source))).toBe(failure);
    expect(asked().filter((line) => line.startsWith('POST'))).toHaveLength(1);
  });

  test('ends the sessions that are left when told to', async () => {
    const { registry, push } = await open();
    registry.interruptions.push({ method: 'PUT', status: 400 });
    expect(await rejection(push.putBlob(blob, bytesSource(layer)))).toMatchObject({ code: 'registry-invalid' });
    expect(registry.openUploads.size).toBe(1);
    await push.cancelUploads();
    expect(registry.openUploads.size).toBe(0);
  });

  test('stops when it is told to', async () => {
    const { push } = await open();
    const stop = new AbortController();
    const source: ByteSource = {
      ...bytesSource(layer),
      open: (options) => {
        stop.abort();
        return bytesSource(layer).open(options);
      },
    };
    expect(await rejection(push.putBlob(blob, source, { signal: stop.signal }))).toMatchObject({ code: 'aborted' });
  });
});

describe('mounting a blob', () => {
  const neverRead: ByteSource = {
    size: layer.byteLength,
    seekable: true,
    open: () => expect.unreachable('wanted no byte to be read'),
  };

  test('sends no byte where another repository has it, with a token for both', async () => {
    const { registry, push, asked } = await open({ login: bearer }, 'team/base');
    registry.mountable.set(blob.digest, layer);
    await push.putBlob(blob, neverRead);
    expect(registry.blobs.get(blob.digest)).toEqual(layer);
    expect(asked()).toEqual(['POST blobs/uploads/', 'POST blobs/uploads/']);
    expect(registry.requests.map(({ line }) => line)).toContain(
      'GET /token?service=tests&scope=repository%3Ateam%2Fapp%3Apull%2Cpush&scope=repository%3Ateam%2Fbase%3Apull',
    );
  });

  test('goes on with the upload that is begun instead', async () => {
    const { registry, push, asked } = await open({}, 'team/base');
    await push.putBlob(blob, bytesSource(layer));
    expect(registry.blobs.has(blob.digest)).toBe(true);
    expect(asked()).toEqual(whole);
  });

  test('begins an upload where the mount is refused', async () => {
    const { registry, push, asked } = await open({ uploads: { refusesMountWith: 405 } }, 'team/base');
    await push.putBlob(blob, bytesSource(layer));
    expect(registry.blobs.has(blob.digest)).toBe(true);
    expect(asked()).toEqual(['POST blobs/uploads/', ...whole]);
  });
});
