import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, parseOrCode } from '../../test/coded-errors.ts';
import { decodeTarHeader, encodeTarHeader, parsePaxRecords, tarBlockBytes, tarPaddingBytes } from './tar-header.ts';

describe('encodeTarHeader', () => {
  test('writes one block that reads back as the same file', () => {
    const block = encodeTarHeader({ name: 'blobs/sha256/abc', size: 1234 });
    expect(block.byteLength).toBe(tarBlockBytes);
    expect(decodeTarHeader(block)).toEqual({ kind: 'file', name: 'blobs/sha256/abc', linkName: '', size: 1234 });
  });

  test('writes a pax header before names and sizes that one block cannot hold', () => {
    const name = `blobs/sha512/${'ä'.repeat(64)}`;
    const size = 8 ** 11;
    const blocks = encodeTarHeader({ name, size });
    const pax = decodeTarHeader(blocks.subarray(0, tarBlockBytes));
    expect(pax?.kind).toBe('pax');
    expect([...parsePaxRecords(blocks.subarray(tarBlockBytes, tarBlockBytes + pax!.size))]).toEqual([
      ['path', name],
      ['size', String(size)],
    ]);
  });

  test('is a whole number of blocks for any name and size', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 300 }), fc.maxSafeNat(), (name, size) => {
        expect(encodeTarHeader({ name, size }).byteLength % tarBlockBytes).toBe(0);
        expect((size + tarPaddingBytes(size)) % tarBlockBytes).toBe(0);
      }),
    );
  });
});

describe('decodeTarHeader', () => {
  test('takes a block of zeros as the end', () => {
    expect(decodeTarHeader(new Uint8Array(tarBlockBytes))).toBeUndefined();
  });

  test('refuses a block in which any one byte was changed', () => {
    const block = encodeTarHeader({ name: 'a', size: 5 });
    fc.assert(
      fc.property(fc.nat(tarBlockBytes - 1), fc.integer({ min: 1, max: 255 }), (index, change) => {
        // The digits of the checksum itself may be spelt otherwise.
        fc.pre(index < 148 || index >= 156);
        const damaged = Uint8Array.from(block);
        damaged[index] = (damaged[index]! + change) % 256;
        expect(codeOf(() => decodeTarHeader(damaged))).toBe('archive-invalid');
      }),
    );
  });

  test('throws nothing but coded errors for any block', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 512, maxLength: 512 }), (block) => void parseOrCode(() => decodeTarHeader(block))));
  });
});

describe('parsePaxRecords', () => {
  test.each(['5 a=', '7 a=b\n', '6 ab=\nx', ' a=b\n', '-6 a=b\n', '6 a=bc', '1e1 path=b\n', '6 =ab\n', '99999999999999999999 a=b\n'])(
    'refuses %j',
    (text) => {
      expect(codeOf(() => parsePaxRecords(new TextEncoder().encode(text)))).toBe('archive-invalid');
    },
  );

  test('throws nothing but coded errors, and ends, for any text', () => {
    const pieces = fc.array(fc.constantFrom('6 ', '6', ' ', 'a', '=', 'b', '\n', '0 ', '12 path=a'), { maxLength: 12 });
    fc.assert(fc.property(pieces, (text) => void parseOrCode(() => parsePaxRecords(new TextEncoder().encode(text.join(''))))));
  });
});
