import { describe, expect, test } from 'vitest';
import { openSmallRepository } from '../../test/faults/repository-target.ts';
import { createVirtualClock } from '../../test/faults/virtual-clock.ts';
import { describeBytes } from '../../test/images/build-image.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import { formatKey } from '../layout/keys.ts';
import { tagHeaders } from '../layout/objects.ts';
import { maxManifestBytes } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { parseTag } from '../oci/repository-name.ts';
import { bytesSource } from '../streams/byte-source.ts';

const clock = createVirtualClock();
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
/** White space and an unknown member: the bytes must stay as they are. */
const bytes = encode('{ "schemaVersion": 2, "manifests": [], "x": 1 }\n');
const index = describeBytes(mediaTypes.imageIndex, bytes);
const open = () => {
  const bucket = createMemoryBucket({ clock });
  return { bucket, repository: openSmallRepository(bucket, clock) };
};

describe('a manifest', () => {
  test.each(['sha256', 'sha512'] as const)('keeps its bytes under its digest (%s), with the type that they have', async (algorithm) => {
    const { bucket, repository } = open();
    const descriptor = describeBytes(mediaTypes.imageIndex, bytes, algorithm);
    await repository.manifests.put(descriptor.digest, bytes);
    expect(await repository.manifests.get(descriptor.digest)).toMatchObject({ descriptor, bytes, manifest: { kind: 'index' } });
    expect(await repository.manifests.has(descriptor)).toBe(true);
    expect(await repository.manifests.has({ ...descriptor, size: 1 })).toBe(false);
    expect(await bucket.head(formatKey({ kind: 'manifest', name: repository.name, digest: descriptor.digest }))).toMatchObject({
      contentType: mediaTypes.imageIndex,
      metadata: { 'docker-content-digest': descriptor.digest },
    });
  });

  test('that is not there is undefined, by digest and by tag', async () => {
    const { manifests } = open().repository;
    expect([await manifests.get(index.digest), await manifests.get(parseTag('v1')), await manifests.has(index)]).toEqual([
      undefined,
      undefined,
      false,
    ]);
  });

  test('is not stored under the digest of other bytes, and not read so', async () => {
    const { bucket, repository } = open();
    await expect(repository.manifests.put(index.digest, encode('{}'))).rejects.toMatchObject({ code: 'digest-mismatch' });
    const key = formatKey({ kind: 'manifest', name: repository.name, digest: index.digest });
    expect(await bucket.head(key)).toBeUndefined();
    await bucket.put(key, bytesSource(encode('{}')));
    await expect(repository.manifests.get(index.digest)).rejects.toMatchObject({ code: 'digest-mismatch' });
  });

  test.each([
    ['{"schemaVersion":1}', 'schema-1-unsupported'],
    ['not JSON', 'manifest-invalid'],
    ['{"schemaVersion":2,"layers":[],"manifests":[]}', 'manifest-invalid'],
  ])('of bytes %s is refused by name', async (text, code) => {
    const { repository } = open();
    const { digest } = describeBytes('', encode(text));
    await expect(repository.manifests.put(digest, encode(text))).rejects.toMatchObject({ code });
  });

  test('of more than 4 MiB is not read', async () => {
    const { bucket, repository } = open();
    const key = formatKey({ kind: 'tag', name: repository.name, tag: parseTag('big') });
    await bucket.put(key, bytesSource(new Uint8Array(maxManifestBytes + 1)));
    await expect(repository.manifests.get(parseTag('big'))).rejects.toMatchObject({ code: 'manifest-too-large' });
  });
});

describe('the digest of what a tag names', () => {
  const tag = parseTag('v1');

  test('is of the algorithm that its writer used, if that is the truth', async () => {
    const { bucket, repository } = open();
    const key = formatKey({ kind: 'tag', name: repository.name, tag });
    const sha512 = describeBytes(mediaTypes.imageIndex, bytes, 'sha512');
    await bucket.put(key, bytesSource(bytes), tagHeaders({ mediaType: mediaTypes.imageIndex }, sha512.digest));
    expect((await repository.manifests.get(tag))?.descriptor).toEqual(sha512);
    await bucket.put(
      key,
      bytesSource(encode('{"schemaVersion":2,"manifests":[]}')),
      tagHeaders({ mediaType: mediaTypes.imageIndex }, sha512.digest),
    );
    expect((await repository.manifests.get(tag))?.descriptor.digest).toMatch(/^sha256:/);
  });

  test('is of SHA-256 where somebody else wrote the tag without it', async () => {
    const { bucket, repository } = open();
    await bucket.put(formatKey({ kind: 'tag', name: repository.name, tag }), bytesSource(bytes));
    expect((await repository.manifests.get(tag))?.descriptor).toEqual(index);
    expect(await repository.tags.digestOf(tag)).toBeUndefined();
  });
});
