import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toObjectKey } from '../bucket/object-key.ts';
import { formatPartLine, formatUploadLine, parseJournal, partName } from './journal-lines.ts';

const upload = { location: 's3://images', key: toObjectKey('v2/app/blobs/x'), uploadId: 'id"\n' };
const digits = 'a'.repeat(64);
const part = fc.record({ partNumber: fc.integer({ min: 1, max: 10_000 }), etag: fc.string({ minLength: 1, maxLength: 80 }) });

test('what is written is read back, and what is written twice counts for each ETag', () => {
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const text = formatUploadLine(upload) + parts.map((one) => formatPartLine(one, digits)).join('');
      expect(parseJournal(text)).toEqual({ upload, parts: new Map(parts.map((one) => [partName(one), digits])) });
    }),
  );
});

test('wherever a crash cuts it, the whole lines count, and lines that come after it, too', () => {
  const parts = [1, 2, 3].map((partNumber) => ({ partNumber, etag: `"e${partNumber}"` }));
  const lines = [formatUploadLine(upload), ...parts.map((one) => formatPartLine(one, digits))];
  const text = lines.join('');
  const after = { partNumber: 9, etag: '"e9"' };
  for (let end = 0; end <= text.length; end += 1) {
    const { parts: found } = parseJournal(text.slice(0, end) + formatPartLine(after, digits));
    const whole = parts.filter(
      (_, index) =>
        lines
          .slice(0, index + 2)
          .join('')
          .trimEnd().length <= end,
    );
    expect([...found.keys()]).toEqual([...whole, after].map(partName));
  }
});

test('nothing that stands in it makes it fail, or count for what it is not', () => {
  fc.assert(fc.property(fc.string(), (junk) => parseJournal(junk).parts.size === 0));
  fc.assert(fc.property(fc.json(), (json) => parseJournal(`\n${json}\n`).parts.size === 0));
  const wrong = [
    { part: 0, etag: 'e', sha256: digits },
    { part: 10_001, etag: 'e', sha256: digits },
    { part: 1.5, etag: 'e', sha256: digits },
    { part: '1', etag: 'e', sha256: digits },
    { part: 1, etag: '', sha256: digits },
    { part: 1, etag: 'e'.repeat(2049), sha256: digits },
    { part: 1, etag: 'e', sha256: digits.toUpperCase() },
    { part: 1, etag: 'e', sha256: `${digits}0` },
    { part: 1, etag: ['e'], sha256: digits },
  ];
  expect(parseJournal(wrong.map((line) => `${JSON.stringify(line)}\n`).join('')).parts.size).toBe(0);
});

test('a second upload in one journal changes nothing', () => {
  expect(parseJournal(formatUploadLine(upload) + formatUploadLine({ ...upload, uploadId: 'other' })).upload).toEqual(upload);
});
