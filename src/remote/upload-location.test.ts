import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, parseOrCode } from '../../test/coded-errors.ts';
import { parseDigest } from '../oci/digest.ts';
import { readUploadLocation, withDigest } from './upload-location.ts';

const url = new URL('https://example.com/v2/a/blobs/uploads/');
const digest = parseDigest(`sha256:${'0'.repeat(64)}`);
const read = (location?: string): string => readUploadLocation({ url, headers: location === undefined ? {} : { location } }).href;

describe('readUploadLocation', () => {
  test('is relative to the URL that gave it, or absolute', () => {
    expect(read('/v2/a/blobs/uploads/1')).toBe('https://example.com/v2/a/blobs/uploads/1');
    expect(read('2?state=x')).toBe('https://example.com/v2/a/blobs/uploads/2?state=x');
    expect(read('https://other.example.com/3#part')).toBe('https://other.example.com/3');
  });

  test('refuses none, what is no URL, and what would give us a login', () => {
    for (const location of [undefined, '', 'https://', 'https://ada:secret@example.com/']) {
      expect(codeOf(() => read(location))).toBe('registry-invalid');
    }
  });

  test('shows neither query nor login of what it refuses', () => {
    expect(() => read('https://ada:secret@example.com/?signature=abc')).toThrow(/^(?!.*(secret|abc))/);
  });

  test('throws nothing but coded errors', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => void parseOrCode(() => read(text))),
      { numRuns: 2000 },
    );
  });
});

describe('withDigest', () => {
  test('leaves the query as the registry wrote it', () => {
    expect(withDigest(new URL('https://example.com/1'), digest).search).toBe(`?digest=sha256%3A${'0'.repeat(64)}`);
    expect(withDigest(new URL('https://example.com/1?_state=a%2Fb+c%3D~&x'), digest).search).toBe(
      `?_state=a%2Fb+c%3D~&x&digest=sha256%3A${'0'.repeat(64)}`,
    );
  });

  test('adds one parameter and changes none, whatever there is', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), (text) => {
        const before = new URL(text);
        const after = withDigest(before, digest);
        expect([...after.searchParams]).toEqual([...before.searchParams, ['digest', digest]]);
        expect(after.search.startsWith(before.search)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
