import { mkdir, rm, writeFile } from 'node:fs/promises';
import type { Bucket } from '../../src/bucket/bucket.ts';
import { createMemoryBucket } from '../../src/bucket/memory/memory-bucket.ts';
import { formatBucketFormat } from '../../src/layout/format-version.ts';
import { formatKey } from '../../src/layout/keys.ts';
import { documentHeaders } from '../../src/layout/objects.ts';
import { parseRepositoryName, parseTag } from '../../src/oci/repository-name.ts';
import { openRepository } from '../../src/registry/repository.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import { digestHex } from '../../src/streams/hasher.ts';
import { readAll } from '../../src/streams/read-all.ts';
import { copyImage } from '../../src/transfer/copy-image.ts';
import type { ImageTarget } from '../../src/transfer/image-target.ts';
import { createMemorySource } from '../images/memory-source.ts';
import { createFixtures, type Fixture } from './fixtures.ts';

/** One object as `listing.json` has it (see `test/golden/README.md`). */
export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly sha256: string;
  readonly contentType: string | undefined;
  readonly cacheControl: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A bucket as files: what is listed, and the bytes by their SHA-256. */
export interface BucketDump {
  readonly listing: readonly ListedObject[];
  readonly objects: ReadonlyMap<string, Uint8Array>;
}

const maxObjectBytes = 1_000_000;

/** The golden bucket, made anew by the code that pushes. */
export async function pushGoldenBucket(): Promise<Bucket> {
  const bucket = createMemoryBucket();
  const format = formatBucketFormat({
    store: { conditionalPut: 'atomic', strongList: true },
    publicUrl: 'https://images.example.com',
    catalog: true,
  });
  await bucket.put(formatKey({ kind: 'root' }), bytesSource(new Uint8Array()), documentHeaders());
  await bucket.put(formatKey({ kind: 'format' }), bytesSource(format), documentHeaders());
  for (const fixture of createFixtures()) await pushFixture(bucket, fixture);
  return bucket;
}

async function pushFixture(bucket: Bucket, { reference, graph, root }: Fixture): Promise<void> {
  const [name = '', tag = ''] = reference.split(':');
  const repository = openRepository(bucket, parseRepositoryName(name));
  const target: ImageTarget = {
    location: reference,
    takes: 'graph',
    begin: (options) => repository.beginPush(parseTag(tag), options),
    close: async () => undefined,
  };
  await copyImage(createMemorySource(graph, root), target, { referrers: true });
}

/** All objects of a bucket, sorted by key. */
export async function dumpBucket(bucket: Bucket): Promise<BucketDump> {
  const listing: ListedObject[] = [];
  const objects = new Map<string, Uint8Array>();
  for await (const entry of bucket.list()) {
    const content = entry.kind === 'object' ? await bucket.get(entry.key) : undefined;
    if (!content) continue;
    const bytes = await readAll(content.body, maxObjectBytes, content.key);
    const { key, size, contentType, cacheControl, metadata } = content;
    const sha256 = digestHex('sha256', bytes);
    listing.push({ key, size, sha256, contentType, cacheControl, metadata });
    objects.set(sha256, bytes);
  }
  return { listing: listing.toSorted((a, b) => (a.key < b.key ? -1 : 1)), objects };
}

/** Writes a dump as `listing.json` and `objects/<sha256>`, over whatever was there. */
export async function writeDump({ listing, objects }: BucketDump, folder: URL): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(new URL('objects/', folder), { recursive: true });
  for (const [sha256, bytes] of objects) await writeFile(new URL(`objects/${sha256}`, folder), bytes);
  await writeFile(new URL('listing.json', folder), `${JSON.stringify(listing, undefined, 1)}\n`);
}
