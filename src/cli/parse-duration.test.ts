import { expect, it } from 'vitest';
import { parseDuration } from './parse-duration.ts';

it.each([
  ['0s', 0],
  ['90m', 5_400_000],
  ['24h', 86_400_000],
  ['7d', 604_800_000],
])('reads %s', (text, durationMs) => expect(parseDuration('older-than', text)).toBe(durationMs));

it.each(['', '24', 'h', '-1h', '1.5h', '1w', '24 h', '1h30m', '9999999d'])('refuses "%s"', (text) => {
  expect(() => parseDuration('older-than', text)).toThrow(expect.objectContaining({ code: 'usage-invalid' }));
});
