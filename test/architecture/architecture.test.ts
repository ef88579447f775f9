import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseSource, readSources } from './source-file.ts';
import { findViolations } from './violations.ts';

const src = fileURLToPath(new URL('../../src', import.meta.url));

describe('the architecture', () => {
  it('holds in src/: every import is one that the table allows', () => {
    const files = readSources(src);
    expect(files.length).toBeGreaterThan(50);
    expect(findViolations(files)).toEqual([]);
  });
});

describe('the check of the architecture', () => {
  const planted: readonly { readonly title: string; readonly files: Readonly<Record<string, string>>; readonly wanted: string }[] = [
    {
      title: 'a leaf that imports a folder above it',
      files: { 'oci/digest.ts': `import { openRepository } from '../registry/repository.ts';` },
      wanted: 'oci/digest.ts:1: oci/ imports "../registry/repository.ts": it may import only errors',
    },
    {
      title: 'the same by re-export, by dynamic import and for types alone',
      files: {
        'streams/a.ts': `export { b } from '../bucket/bucket.ts';\nawait import('../oci/digest.ts');\nimport type { C } from '../http/http-client.ts';`,
      },
      wanted: 'streams/a.ts:2: streams/ imports "../oci/digest.ts": it may import only errors',
    },
    {
      title: 'an adapter of the bucket where only the port is allowed',
      files: { 'registry/blobs.ts': `import { openS3Bucket } from '../bucket/s3/s3-bucket.ts';` },
      wanted: 'registry/blobs.ts:1: registry/ imports "../bucket/s3/s3-bucket.ts": of bucket/ it may import only the ports',
    },
    {
      title: 'a folder that the table does not know',
      files: { 'misc/a.ts': `export const a = 1;` },
      wanted: 'misc/a.ts:1: folder "misc" is not in the table of who may import whom',
    },
    {
      title: 'a node: import in a neutral file',
      files: { 'streams/file.ts': `import { open } from 'node:fs/promises';` },
      wanted: 'streams/file.ts:1: a neutral file imports "node:fs/promises": name it *.node.ts, or do without',
    },
    {
      title: 'a neutral file that needs Node through another',
      files: { 'transports/a.ts': `import { b } from './b.node.ts';`, 'transports/b.node.ts': `export const b = 1;` },
      wanted: 'transports/a.ts:1: a neutral file imports "./b.node.ts", which needs Node',
    },
    {
      title: 'a cycle',
      files: {
        'oci/a.ts': `import { b } from './b.ts';`,
        'oci/b.ts': `import { c } from './c.ts';`,
        'oci/c.ts': `import { a } from './a.ts';`,
      },
      wanted: 'oci/a.ts:1: import cycle oci/a.ts → oci/b.ts → oci/c.ts → oci/a.ts',
    },
    {
      title: 'a package that is not listed',
      files: { 'registry/a.ts': `import chalk from 'chalk';` },
      wanted: 'registry/a.ts:1: registry/ imports the package "chalk", which is not listed for it',
    },
    {
      title: 'a key built by hand',
      files: { 'registry/a.ts': 'const key = `v2/${name}/blobs/${digest}`;' },
      wanted: 'registry/a.ts:1: builds a registry key ("v2/") outside layout/',
    },
    {
      title: 'a piece of a key joined by hand',
      files: { 'server/a.ts': `const key = base + '/tags/list';` },
      wanted: 'server/a.ts:1: builds a registry key ("/tags/list") outside layout/',
    },
    {
      title: 'a key branded by hand',
      files: { 'registry/a.ts': `import { toObjectKey } from '../bucket/object-key.ts';` },
      wanted: 'registry/a.ts:1: brands an object key outside layout/ and bucket/',
    },
    {
      title: 'an HTTP status in the middle of the logic',
      files: { 'registry/a.ts': 'if (response.status === 404) fail();' },
      wanted: 'registry/a.ts:1: compares an HTTP status (404) outside http, bucket/s3, remote, server, doctor, telemetry',
    },
  ];
  it.each(planted)('finds $title', ({ files, wanted }) => {
    const sources = Object.entries(files).map(([path, text]) => parseSource(path, text));
    expect(findViolations(sources)).toContain(wanted);
  });

  it('says nothing of what is allowed', () => {
    const sources = [
      parseSource(
        'registry/blobs.ts',
        `import type { Bucket } from '../bucket/bucket.ts';\nconst words = 'Cannot read v2/ of the bucket';`,
      ),
      parseSource(
        'archive/tar.node.ts',
        `import { open } from 'node:fs/promises';\nimport { RegistryError } from '../errors/registry-error.ts';`,
      ),
      parseSource('cli/push.ts', `import { a } from '../bucket/directory/directory-bucket.node.ts';`),
    ];
    expect(findViolations(sources)).toEqual([]);
  });

  it('refuses a file that does not parse, instead of finding nothing in it', () => {
    expect(() => parseSource('oci/a.ts', 'export const = ;')).toThrow(/oci\/a\.ts/);
  });
});
