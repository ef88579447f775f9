/** One part of many: bytes from `start` up to and without `end`, and its number, counted from 1 as S3 does. */
export interface PartRange {
  readonly partNumber: number;
  readonly start: number;
  readonly end: number;
}

/** The parts of `size` bytes, all of `partSize` bytes but the last; none for no bytes. */
export function planParts(size: number, partSize: number): PartRange[] {
  return Array.from({ length: Math.ceil(size / partSize) }, (_, index) => ({
    partNumber: index + 1,
    start: index * partSize,
    end: Math.min((index + 1) * partSize, size),
  }));
}

/** Bytes of a part. */
export function partBytes({ start, end }: PartRange): number {
  return end - start;
}
