import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, parseOrCode } from '../../test/coded-errors.ts';
import { formatPlatform, isPlatformMatch, parsePlatform } from './platform.ts';

describe('parsePlatform', () => {
  test.each([
    ['linux/amd64', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['Linux/ARM64', 'linux/arm64'],
    ['armhf', 'linux/arm/v7'],
    ['linux/arm/v6', 'linux/arm/v6'],
    ['windows/amd64', 'windows/amd64'],
  ])('reads %j as %j', (text, wanted) => {
    expect(formatPlatform(parsePlatform(text))).toBe(wanted);
  });

  test.each(['', '/', 'linux/', 'linux//v8', 'linux/arm/v7/x', 'linux/arm 64', 'linux/amd64\n'])('refuses %j', (text) => {
    expect(codeOf(() => parsePlatform(text))).toBe('platform-invalid');
  });

  test('writes what it reads so that it reads back as the same, and throws nothing but coded errors', () => {
    const parts = fc.array(fc.oneof(fc.constantFrom('linux', 'arm64', 'x86_64', 'v8', 'armhf', 'constructor'), fc.string()), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(parts, (components) => {
        const first = parseOrCode(() => parsePlatform(components.join('/')));
        if (!('value' in first)) return;
        expect(parsePlatform(formatPlatform(first.value))).toEqual(first.value);
      }),
    );
  });
});

describe('isPlatformMatch', () => {
  test.each([
    ['linux/arm64/v8', 'linux/arm64', true],
    ['linux/arm64', 'linux/arm64/v8', true],
    ['linux/arm/v7', 'linux/arm', true],
    ['linux/arm', 'linux/arm/v7', false],
    ['linux/arm/v6', 'linux/arm/v7', false],
    ['windows/amd64', 'linux/amd64', false],
  ])('offered %s, wanted %s: %s', (offered, wanted, match) => {
    expect(isPlatformMatch(parsePlatform(offered), parsePlatform(wanted))).toBe(match);
  });
});
