import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseKey } from '../../src/layout/parse-key.ts';
import { createTemporaryFolder } from '../peers/temporary-folder.ts';
import { type DamagedBucket, damageDump } from './damaged-bucket.ts';
import { createFixtures } from './fixtures.ts';
import { type BucketDump, dumpBucket, type ListedObject, pushGoldenBucket, writeDump } from './golden-bucket.ts';

const goldenFolder = new URL('bucket/', import.meta.url);

async function readGolden(): Promise<BucketDump> {
  const listing = JSON.parse(await readFile(new URL('listing.json', goldenFolder), 'utf8')) as ListedObject[];
  const objects = new Map<string, Uint8Array>();
  for (const { sha256 } of listing) objects.set(sha256, await readFile(new URL(`objects/${sha256}`, goldenFolder)));
  return { listing, objects };
}

/** Runs the verifier as others would. */
async function verify(folder: string): Promise<{ readonly code: number; readonly output: string }> {
  const program = fileURLToPath(new URL('verify.mjs', import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [program, folder], { timeout: 20_000 }, (error, output) =>
      resolve({ code: error ? Number(error.code) : 0, output }),
    );
  });
}

/** Runs the verifier over the golden bucket with something changed. */
async function verifyDamaged(damage: (bucket: DamagedBucket) => void): Promise<{ readonly code: number; readonly output: string }> {
  const folder = await createTemporaryFolder('golden');
  try {
    await writeDump(damageDump(await readGolden(), damage), pathToFileURL(`${folder.path}/bucket/`));
    return await verify(`${folder.path}/bucket`);
  } finally {
    await folder.remove();
  }
}

/**
 * Leaves out the copies of indexes of referrers that their fallback tag held for a moment, between two referrers of one push: whether there are any depends on how requests fall
 * together, and they may be deleted at any time (docs/bucket-layout.md, invariant 4). A copy is a manifest without an index of referrers of its own.
 */
function withoutStaleCopies(listing: readonly ListedObject[]): ListedObject[] {
  const specs = listing.map(({ key }) => parseKey(key));
  const withIndex = new Set(specs.map((spec) => (spec?.kind === 'referrers' ? `${spec.name} ${spec.digest}` : '')));
  const held = new Set(listing.filter((_, index) => specs[index]?.kind === 'fallback-tag').map(({ sha256 }) => sha256));
  return listing.filter(({ sha256 }, index) => {
    const spec = specs[index];
    return spec?.kind !== 'manifest' || withIndex.has(`${spec.name} ${spec.digest}`) || held.has(sha256);
  });
}

/** The root of a fixture. */
const rootOf = (reference: string) => createFixtures().find((fixture) => fixture.reference === reference)!;
const single = rootOf('golden/single:1.0');
const artifact = rootOf('golden/artifact:1.0');
const multi = rootOf('golden/multi:1.0');
const referrer = artifact.graph.referrers.get(artifact.root.digest)![0]!;
const [layer] = [...single.graph.blobs.keys()].toSorted();
const child = [...multi.graph.manifests.keys()].find((digest) => digest !== multi.root.digest)!;
const fallbackTag = artifact.root.digest.replace(':', '-');

describe('the golden bucket', () => {
  it('is what pushes make, object for object', async () => {
    const made = await dumpBucket(await pushGoldenBucket());
    const golden = await readGolden();
    const listing = withoutStaleCopies(made.listing);
    expect(listing).toEqual(golden.listing);
    for (const { sha256 } of listing) expect(Buffer.compare(golden.objects.get(sha256)!, made.objects.get(sha256)!)).toBe(0);
  });

  it('has every kind of key that a bucket at rest has', async () => {
    const { listing } = await readGolden();
    const kinds = new Set(listing.map(({ key }) => parseKey(key)?.kind));
    expect([...kinds].map(String).toSorted()).toEqual([
      'blob',
      'catalog',
      'fallback-tag',
      'format',
      'manifest',
      'referrer-marker',
      'referrers',
      'repository-marker',
      'root',
      'tag',
      'tag-list',
    ]);
  });

  it('is right, says the verifier', async () => {
    const { listing } = await readGolden();
    expect(await verify(fileURLToPath(goldenFolder))).toEqual({ code: 0, output: `${listing.length} objects, 0 problems\n` });
  });
});

describe('the verifier', () => {
  it.each<readonly [what: string, damage: (bucket: DamagedBucket) => void, message: RegExp]>([
    ['a wrong byte', ({ corrupt }) => corrupt(`v2/golden/single/blobs/${layer}`), /has another SHA-256 than listed/],
    [
      'a blob of another digest',
      ({ replace }) => replace(`v2/golden/single/blobs/${layer}`, (text) => `${text}x`),
      /has bytes of another digest/,
    ],
    ['a missing layer', ({ remove }) => remove(`v2/golden/single/blobs/${layer}`), /names sha256:[a-f0-9]{64}, which is missing/],
    [
      'a missing child manifest',
      ({ remove }) => remove(`v2/golden/multi/manifests/${child}`),
      /names sha256:[a-f0-9]{64}, which is missing/,
    ],
    [
      'a tag without its manifest',
      ({ remove }) => remove(`v2/golden/single/manifests/${single.root.digest}`),
      /manifests\/1\.0: names sha256:.*not there/,
    ],
    [
      'an unsorted tag list',
      ({ replace }) => replace('v2/golden/single/tags/list', () => '{"name":"golden/single","tags":["latest","1.0"]}'),
      /tags\/list: holds/,
    ],
    [
      'a tag that is not listed',
      ({ replace }) => replace('v2/golden/single/tags/list', () => '{"name":"golden/single","tags":["1.0"]}'),
      /tags\/list: holds/,
    ],
    ['a missing tag list', ({ remove }) => remove('v2/golden/single/tags/list'), /tags\/list: is missing/],
    ['white space in a list', ({ replace }) => replace('v2/_catalog', (text) => `${text}\n`), /v2\/_catalog: holds/],
    [
      'a repository that is not in the catalog',
      ({ replace }) => replace('v2/_catalog', () => '{"repositories":["golden/single"]}'),
      /v2\/_catalog: holds/,
    ],
    [
      'a missing index of referrers',
      ({ remove }) => remove(`v2/golden/single/referrers/${single.root.digest}`),
      /referrers\/sha256:[a-f0-9]{64}: is missing/,
    ],
    [
      'a missing index of a child',
      ({ remove }) => remove(`v2/golden/multi/referrers/${child}`),
      /referrers\/sha256:[a-f0-9]{64}: is missing/,
    ],
    [
      'an index that lacks a referrer',
      ({ replace }) => replace(`v2/golden/artifact/referrers/${artifact.root.digest}`, (text) => text.replace(/\{"mediaType".*?\},/, '')),
      /referrers\/sha256:[a-f0-9]{64}: holds/,
    ],
    [
      'a missing marker',
      ({ remove }) => remove(`_bucketry/repositories/golden/artifact/_referrers/${artifact.root.digest}/${referrer.digest}`),
      /referrers\/sha256:[a-f0-9]{64}: holds/,
    ],
    ['a missing referrer', ({ remove }) => remove(`v2/golden/artifact/manifests/${referrer.digest}`), /marks a manifest that is missing/],
    [
      'a missing fallback tag',
      ({ remove }) => remove(`v2/golden/artifact/manifests/${fallbackTag}`),
      /manifests\/sha256-[a-f0-9]{64}: is missing/,
    ],
    ['a missing repository marker', ({ remove }) => remove('_bucketry/repositories/golden/single/_repository'), /_repository: is missing/],
    [
      'a wrong content type',
      ({ change }) => change('v2/golden/docker/manifests/list', { contentType: 'application/json' }),
      /has content type "application\/json", wanted "application\/vnd\.docker/,
    ],
    [
      'a tag that caches would keep',
      ({ change }) => change('v2/golden/single/manifests/1.0', { cacheControl: 'public, max-age=31536000, immutable, no-transform' }),
      /has cache control/,
    ],
    [
      'a blob that proxies may recompress',
      ({ change }) => change(`v2/golden/single/blobs/${layer}`, { cacheControl: 'public, max-age=31536000, immutable' }),
      /has cache control/,
    ],
    [
      'a wrong digest in the metadata',
      ({ change }) => change('v2/golden/single/manifests/1.0', { metadata: { 'docker-content-digest': child } }),
      /in its metadata, which is not right/,
    ],
    ['a content encoding', ({ change }) => change('v2/golden/single/manifests/1.0', { contentEncoding: 'gzip' }), /has a content encoding/],
    ['bytes at v2/', ({ replace }) => replace('v2/', () => '{}'), /v2\/: is missing or not empty/],
    ['a newer format', ({ replace }) => replace('_bucketry/format', () => '{"version":2}'), /has version 2/],
  ])('finds %s', async (_, damage, message) => {
    const { code, output } = await verifyDamaged(damage);
    expect(output).toMatch(message);
    expect(code).toBe(1);
  });

  it('leaves alone what no tag leads to any more, and objects that are no part of the format', async () => {
    const list = rootOf('golden/docker:list');
    const { code, output } = await verifyDamaged(({ remove, replace, add }) => {
      remove('v2/golden/docker/manifests/list');
      replace('v2/golden/docker/tags/list', () => '{"name":"golden/docker","tags":["image"]}');
      remove(`v2/golden/docker/referrers/${list.root.digest}`);
      for (const digest of list.graph.manifests.keys()) {
        if (digest !== list.root.digest && digest !== rootOf('golden/docker:image').root.digest)
          remove(`v2/golden/docker/manifests/${digest}`);
      }
      add('index.html', '<h1>Images</h1>');
    });
    expect(output).toMatch(/ 0 problems\n$/);
    expect(code).toBe(0);
  });
});
