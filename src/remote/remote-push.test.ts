import { describe, expect, test } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { describeBytes } from '../../test/images/build-image.ts';
import { bearer, preparePushes } from '../../test/token-registry/open-push.ts';
import type { TokenRegistry } from '../../test/token-registry/token-registry.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { parseTag } from '../oci/repository-name.ts';

const layer = Buffer.alloc(300_000, 'layer');
const blob = describeBytes(mediaTypes.layer, layer);
const open = preparePushes();

describe('looking for what is there', () => {
  test('tells blobs by digest and size, and manifests by digest', async () => {
    const { registry, push } = await open({ login: bearer });
    expect(await push.hasBlob(blob)).toBe(false);
    registry.addBlob(layer);
    expect(await push.hasBlob(blob)).toBe(true);
    expect(await push.hasBlob({ ...blob, size: 1 })).toBe(false);
    expect(await push.hasManifest(blob.digest)).toBe(false);
    registry.addManifest(mediaTypes.imageManifest, layer);
    expect(await push.hasManifest(blob.digest)).toBe(true);
  });

  test('waits where it is limited, and says what it may not see', async () => {
    const { registry, push } = await open();
    registry.interruptions.push({ method: 'HEAD', status: 429 }, { method: 'HEAD', status: 403 });
    expect(await rejection(push.hasBlob(blob))).toMatchObject({ code: 'denied' });
    expect(registry.interruptions).toEqual([]);
  });

  test('takes a blob for missing whose redirect leads nowhere', async () => {
    const { push } = await open({ redirectBlobs: true });
    expect(await push.hasBlob(blob)).toBe(false);
  });
});

describe('pushing a manifest', () => {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: [] }));
  const manifest = describeBytes(mediaTypes.imageIndex, bytes);

  test('stores it under a tag and its digest, with its type', async () => {
    const { registry, push } = await open({ login: bearer });
    expect(await push.putManifest(parseTag('1.0'), manifest, bytes)).toBeUndefined();
    expect(registry.manifests.get('1.0')).toEqual({ mediaType: mediaTypes.imageIndex, bytes });
  });

  test('tries again after trouble', async () => {
    const { registry, push } = await open();
    registry.interruptions.push({ method: 'PUT', status: 500 });
    await push.putManifest(manifest.digest, manifest, bytes);
    expect(registry.manifests.has(manifest.digest)).toBe(true);
  });

  test('notices when the registry keeps another', async () => {
    const { push } = await open({ rewritesManifests: true });
    expect(await rejection(push.putManifest(manifest.digest, manifest, bytes))).toMatchObject({ code: 'registry-invalid' });
  });
});

describe('listing referrers under their tag', () => {
  const subject = describeBytes(mediaTypes.imageManifest, Buffer.from('subject')).digest;
  const tag = subject.replace(':', '-');
  const referrer = (text: string): Descriptor => ({
    ...describeBytes(mediaTypes.imageManifest, Buffer.from(text)),
    artifactType: 'application/vnd.example',
  });
  const [one, two, three] = ['one', 'two', 'three'].map(referrer) as [Descriptor, Descriptor, Descriptor];
  const listed = (registry: TokenRegistry): unknown[] =>
    (JSON.parse(registry.manifests.get(tag)?.bytes.toString() ?? '{}') as { manifests: unknown[] }).manifests;
  const putIndex = (registry: TokenRegistry, manifests: readonly unknown[]): void =>
    void registry.addManifest(
      mediaTypes.imageIndex,
      Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests })),
      tag,
    );

  test('begins the list, and adds to it what is not in it', async () => {
    const { registry, push, asked } = await open();
    await push.listUnderTag(subject, [one]);
    await push.listUnderTag(subject, [one, two]);
    expect(listed(registry)).toEqual([one, two]);
    expect(registry.manifests.get(tag)?.mediaType).toBe(mediaTypes.imageIndex);
    const before = asked().length;
    await push.listUnderTag(subject, [two, one]);
    expect(asked().slice(before)).toEqual([`GET manifests/${tag}`]);
  });

  test('keeps what others wrote, also what it does not know', async () => {
    const { registry, push } = await open();
    const theirs = { ...three, 'com.example.unknown': { a: 1 } };
    putIndex(registry, [theirs]);
    await push.listUnderTag(subject, [one]);
    expect(listed(registry)).toEqual([theirs, one]);
  });

  test('adds its own again when another client wrote meanwhile', async () => {
    const { registry, push } = await open();
    let times = 0;
    const { manifests } = registry;
    // They read before we wrote, and write after us
    registry.onPutManifest = () => {
      times += 1;
      if (times === 1) queueMicrotask(() => putIndex(registry, [three]));
    };
    await push.listUnderTag(subject, [one]);
    expect(manifests.has(tag)).toBe(true);
    expect(listed(registry)).toEqual([three, one]);
  });

  test('gives up when its own never stays', async () => {
    const { registry, push } = await open();
    registry.onPutManifest = () => queueMicrotask(() => putIndex(registry, [three]));
    expect(await rejection(push.listUnderTag(subject, [one]))).toMatchObject({ code: 'tag-conflict' });
  });

  test('overwrites nothing that is no list', async () => {
    const { registry, push } = await open();
    const image = Buffer.from(JSON.stringify({ schemaVersion: 2, config: one, layers: [] }));
    registry.addManifest(mediaTypes.imageManifest, image, tag);
    expect(await rejection(push.listUnderTag(subject, [one]))).toMatchObject({ code: 'registry-invalid' });
    expect(registry.manifests.get(tag)?.bytes).toEqual(image);
  });
});
