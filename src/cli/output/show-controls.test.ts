import fc from 'fast-check';
import { expect, test } from 'vitest';
import { showControls, spellControls } from './show-controls.ts';

test('controls are shown, all else stays', () => {
  expect(showControls('a\u001b[2Jb\nc\u009b1m\r\tü')).toBe(String.raw`a\u001b[2Jb` + '\n' + String.raw`c\u009b1m\u000d` + '\tü');
});

test('no control reaches a terminal but tabs and line feeds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(showControls(text)).not.toMatch(/[^\t\n\P{Cc}]/u);
    }),
  );
});

test('JSON says the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = spellControls(JSON.stringify({ text }));
      expect(JSON.parse(json)).toEqual({ text });
      expect(json).not.toMatch(/\p{Cc}/u);
    }),
  );
});
