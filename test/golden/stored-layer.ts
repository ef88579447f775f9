import { crc32 } from 'node:zlib';

/*
 * Layers whose bytes are the same on every machine: compressors change from version to version, so these are packed by hand.
 */

const blockBytes = 512;

/** A tar archive of one small file (POSIX ustar, no owner, time 0). */
export function packFile(name: string, text: string): Uint8Array {
  const content = Buffer.from(text);
  const header = Buffer.alloc(blockBytes);
  const fields: readonly (readonly [offset: number, text: string])[] = [
    [0, name],
    [100, '0000644\0'],
    [108, '0000000\0'],
    [116, '0000000\0'],
    [124, `${content.byteLength.toString(8).padStart(11, '0')}\0`],
    [136, '00000000000\0'],
    [148, '        '],
    [156, '0'],
    [257, 'ustar\x0000'],
  ];
  for (const [offset, field] of fields) header.write(field, offset, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  const padding = Buffer.alloc((blockBytes - (content.byteLength % blockBytes)) % blockBytes);
  return Uint8Array.from(Buffer.concat([header, content, padding, Buffer.alloc(2 * blockBytes)]));
}

/** Bytes as a gzip member of one stored block (RFC 1952, RFC 1951 3.2.4). */
export function storeGzip(bytes: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt16LE(bytes.byteLength, 0);
  length.writeUInt16LE(~bytes.byteLength & 0xffff, 2);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(bytes), 0);
  trailer.writeUInt32LE(bytes.byteLength, 4);
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1]);
  return Uint8Array.from(Buffer.concat([header, length, bytes, trailer]));
}
