import { describe, expect, it } from 'vitest';
import { codeOf } from '../../test/coded-errors.ts';
import { formatBucketFormat, parseBucketFormat } from './format-version.ts';

const bytes = (json: string): Uint8Array => new TextEncoder().encode(json);

describe('_bucketry/format', () => {
  it('says the version alone when nothing else is known', () => {
    expect(new TextDecoder().decode(formatBucketFormat({}))).toBe('{"version":1}');
    expect(parseBucketFormat(bytes('{"version":1}'))).toEqual({ version: 1 });
  });

  it('records what the store can do, the public URL and whether there is a catalog', () => {
    const format = {
      store: { conditionalPut: 'ignored', strongList: true, minWriteIntervalMs: 1000 },
      publicUrl: 'https://images.example.com',
      catalog: true,
    } as const;
    expect(parseBucketFormat(formatBucketFormat(format))).toEqual({ version: 1, ...format });
  });

  it('is read where a later revision added members', () => {
    expect(parseBucketFormat(bytes('{"version":1,"later":{"x":1},"store":{"later":2,"strongList":false}}'))).toEqual({
      version: 1,
      store: { strongList: false },
    });
  });

  it('is refused in a newer version, whatever else it holds, with what to do', () => {
    const parse = () => parseBucketFormat(bytes('{"version":2,"publicUrl":7}'));
    expect(codeOf(parse)).toBe('format-too-new');
    expect(parse).toThrow(/version 2, this program knows versions up to 1/);
    expect(parse).toThrow(expect.objectContaining({ hint: 'Install a newer bucketry.' }));
  });

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"version":"1"}',
    '{"version":0}',
    '{"version":1.5}',
    '{"version":1,"publicUrl":"images.example.com"}',
    '{"version":1,"publicUrl":"https://user:secret@images.example.com"}',
    '{"version":1,"publicUrl":"https://images.example.com/path"}',
    '{"version":1,"publicUrl":"ftp://images.example.com"}',
    '{"version":1,"store":{"conditionalPut":"maybe"}}',
    '{"version":1,"store":{"maxPutBytes":-1}}',
    '{"version":1,"catalog":"yes"}',
  ])('is not %j', (json) => {
    expect(codeOf(() => parseBucketFormat(bytes(json)))).toBe('format-invalid');
  });
});
