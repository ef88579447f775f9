import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../../test/coded-errors.ts';
import { parseRepositoryName, parseTag } from '../oci/repository-name.ts';
import { formatCatalog, parseCatalog } from './catalog.ts';
import { formatTagList, parseTagList } from './tag-list.ts';

const name = parseRepositoryName('team/app');
const tags = fc.array(fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,8}$/).map(parseTag));
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (json: string): Uint8Array => new TextEncoder().encode(json);

describe('tag lists', () => {
  it('are sorted by bytes, whatever the order of the listing', () => {
    const listed = ['latest', '1.10', '1.9', 'Beta', '_', 'alpha'].map(parseTag);
    expect(text(formatTagList(name, listed))).toBe('{"name":"team/app","tags":["1.10","1.9","Beta","_","alpha","latest"]}');
  });

  it('are the same bytes for the same tags, each of them once, and read back', () => {
    fc.assert(
      fc.property(tags, (listed) => {
        const formatted = formatTagList(name, listed);
        expect(formatTagList(name, [...listed, ...listed].toReversed())).toEqual(formatted);
        const parsed = parseTagList(formatted);
        expect(new Set(parsed.tags)).toEqual(new Set(listed));
        for (const [index, tag] of parsed.tags.entries()) {
          if (index > 0) expect(Buffer.compare(Buffer.from(parsed.tags[index - 1]!), Buffer.from(tag))).toBeLessThan(0);
        }
      }),
    );
  });

  it('are there for a repository without tags, too', () => {
    expect(text(formatTagList(name, []))).toBe('{"name":"team/app","tags":[]}');
  });

  it.each([
    '',
    '[]',
    '{"name":"team/app"}',
    '{"name":"Team","tags":[]}',
    '{"name":"team/app","tags":["a/b"]}',
    '{"name":"team/app","tags":null}',
    '{"tags":[1]}',
  ])('are not %j', (json) => {
    expect(codeOf(() => parseTagList(bytes(json)))).toBe('format-invalid');
  });
});

describe('the catalog', () => {
  it('is sorted by bytes and reads back', () => {
    const names = ['team/web', 'a-b', 'a/b', 'a.b'].map(parseRepositoryName);
    const formatted = formatCatalog(names);
    expect(text(formatted)).toBe('{"repositories":["a-b","a.b","a/b","team/web"]}');
    expect(parseCatalog(formatted)).toEqual(['a-b', 'a.b', 'a/b', 'team/web']);
  });

  it.each(['{}', '{"repositories":["team/blobs"]}', '{"repositories":["_catalog"]}', '{"repositories":"a"}', '\u00ff'])(
    'is not %j',
    (json) => {
      expect(codeOf(() => parseCatalog(bytes(json)))).toBe('format-invalid');
    },
  );

  it('is not read where it is not UTF-8', () => {
    expect(codeOf(() => parseCatalog(Uint8Array.of(0x7b, 0xff, 0x7d)))).toBe('format-invalid');
  });
});
