import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, parseOrCode } from '../../test/coded-errors.ts';
import { maxImageConfigBytes, parseImageConfig } from './image-config.ts';

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const diffId = `sha256:${'a'.repeat(64)}`;

describe('parseImageConfig', () => {
  test('reads platform and diff IDs, and leaves the rest alone', () => {
    const config = {
      os: 'linux',
      architecture: 'arm',
      variant: 'v7',
      rootfs: { type: 'layers', diff_ids: [diffId] },
      config: { Cmd: ['sh'] },
    };
    expect(parseImageConfig(encode(config))).toEqual({ platform: { os: 'linux', architecture: 'arm', variant: 'v7' }, diffIds: [diffId] });
  });

  test.each([[{}], [{ os: 'linux' }], [{ os: '', architecture: '' }], [{ rootfs: { diff_ids: null } }]])(
    'finds no platform in %j',
    (config) => {
      expect(parseImageConfig(encode(config))).toEqual({ platform: undefined, diffIds: [] });
    },
  );

  test('refuses a diff ID that is no digest', () => {
    expect(codeOf(() => parseImageConfig(encode({ rootfs: { diff_ids: ['../x'] } })))).toBe('manifest-invalid');
  });

  test('refuses one byte more than the bound', () => {
    expect(codeOf(() => parseImageConfig(new Uint8Array(maxImageConfigBytes + 1)))).toBe('manifest-too-large');
  });

  test('throws nothing but coded errors for any JSON', () => {
    const near = fc.dictionary(
      fc.constantFrom('os', 'architecture', 'variant', 'rootfs'),
      fc.oneof(fc.string(), fc.jsonValue({ maxDepth: 3 })),
    );
    fc.assert(fc.property(fc.oneof(near, fc.jsonValue()), (value) => void parseOrCode(() => parseImageConfig(encode(value)))));
  });
});
