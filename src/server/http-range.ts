/** The bytes of an object that a `Range` header asks for: from `start` up to and without `end`. */
export interface HttpRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a `Range` header for an object of `size` bytes (RFC 9110, 14.1.2).
 * @returns undefined where it is to be ignored: absent, malformed, of another unit, or for several ranges (as S3 does); `unsatisfiable` where it lies past the end
 */
export function parseHttpRange(header: string | undefined, size: number): HttpRange | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/i.exec(header?.trim() ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) };
}
