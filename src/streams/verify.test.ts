import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAll } from './read-all.ts';
import { verify, verifyBytes } from './verify.ts';
import type { ByteStream } from './byte-source.ts';

async function* streamOf(chunks: readonly Uint8Array[]): ByteStream {
  yield* chunks;
}

function expectedOf(algorithm: 'sha256' | 'sha512', bytes: Uint8Array): { digest: string; size: number } {
  return { digest: `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`, size: bytes.byteLength };
}

const chunksArbitrary = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 });

describe('verify', () => {
  it('passes the right bytes on unchanged, however they are cut, for both algorithms', async () => {
    await fc.assert(
      fc.asyncProperty(chunksArbitrary, fc.constantFrom('sha256' as const, 'sha512' as const), async (chunks, algorithm) => {
        const whole = Buffer.concat(chunks);
        const read = await readAll(verify(streamOf(chunks), expectedOf(algorithm, whole)), whole.byteLength, 'it');
        expect(Buffer.from(read)).toEqual(whole);
      }),
    );
  });

  it('refuses every change of one byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (bytes, position, difference) => {
          const changed = Uint8Array.from(bytes);
          const index = position % bytes.byteLength;
          changed[index] = bytes[index]! ^ difference;
          await expect(verifyBytes(changed, expectedOf('sha256', bytes))).rejects.toMatchObject({ code: 'digest-mismatch' });
        },
      ),
    );
  });

  it('refuses bytes that end too early, saying how many there were', async () => {
    const bytes = new Uint8Array(12);
    await expect(verifyBytes(bytes.subarray(0, 10), expectedOf('sha256', bytes))).rejects.toThrow(/10 bytes received, 12 wanted/);
  });

  it('refuses the first byte too many at once, without waiting for the end of an endless stream', async () => {
    async function* endless(): ByteStream {
      for (;;) yield new Uint8Array(10);
    }
    const read = readAll(verify(endless(), expectedOf('sha256', new Uint8Array(25))), 1000, 'it');
    await expect(read).rejects.toMatchObject({ code: 'size-mismatch' });
  });

  it('leaves what lies behind when its reader leaves', async () => {
    let left = false;
    async function* source(): ByteStream {
      try {
        yield new Uint8Array(1);
        yield new Uint8Array(1);
      } finally {
        left = true;
      }
    }
    for await (const _ of verify(source(), expectedOf('sha256', new Uint8Array(2)))) break;
    expect(left).toBe(true);
  });
});

describe('readAll', () => {
  it('stops at its bound', async () => {
    await expect(readAll(streamOf([new Uint8Array(3), new Uint8Array(3)]), 5, 'the answer')).rejects.toThrow(
      /Cannot read the answer: it has more than 5 bytes/,
    );
  });
});
