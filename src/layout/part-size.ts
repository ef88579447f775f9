import { BucketError } from '../errors/bucket-error.ts';

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

/** S3's bounds for a part that is not the last one, and for the number of parts. */
export const minPartBytes: number = 5 * mebibyte;
export const maxPartBytes: number = 5 * gibibyte;
export const maxParts = 10_000;

const maxSinglePutBytes = 8 * mebibyte;
const maxSmallPartsBytes = 160 * mebibyte;
/** Parts come in whole waves of so many connections; with 8 or 16 connections the last ones still end together. */
const waveParts = 32;
/** 32 · 312 = 9,984 parts, the most whole waves below 10,000. */
const maxWaves = 312;
/** Bytes of one wave at 10 MiB a part, which keeps every part between 5 and 10 MiB up to 97.5 GiB. */
const waveBytes = 320 * mebibyte;

/** Largest blob that the function can part: 9,984 parts of 5 GiB (48.75 TiB). Stores allow less: S3 50 TB. */
export const maxBlobBytes: number = waveParts * maxWaves * maxPartBytes;

/**
 * Part size in bytes of an upload of `size` bytes, undefined for a blob that is sent with one PUT. A published function of the size alone (docs/bucket-layout.md, "Part size"), so
 * that anyone can continue anyone's upload: changing it is changing the format.
 * @throws BucketError `object-too-large` over `maxBlobBytes`
 */
export function partSizeOf(size: number): number | undefined {
  if (size <= maxSinglePutBytes) return undefined;
  if (size <= maxSmallPartsBytes) return minPartBytes;
  if (size > maxBlobBytes) {
    throw new BucketError(
      'object-too-large',
      `Cannot store a blob of ${size} bytes: at most ${maxBlobBytes} can be sent in ${maxParts} parts`,
    );
  }
  return Math.ceil(size / (waveParts * Math.min(maxWaves, Math.ceil(size / waveBytes))));
}
