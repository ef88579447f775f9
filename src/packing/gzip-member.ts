/*
 * What stands around the raw DEFLATE data of a gzip member (RFC 1952, section 2.3).
 */

/** Ten bytes that are always the same: no name, no time, no system ("unknown"), so that the same input gives the same member everywhere. */
export const gzipHeader: Uint8Array = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);

/**
 * The last eight bytes of a member.
 * @param crc32 of the input, 0 to 2^32 - 1
 * @param size of the input in bytes, of which the format keeps the remainder by 2^32
 */
export function formatGzipTrailer(crc32: number, size: number): Uint8Array {
  const trailer = new Uint8Array(8);
  const view = new DataView(trailer.buffer);
  view.setUint32(0, crc32, true);
  view.setUint32(4, size % 2 ** 32, true);
  return trailer;
}
