import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { createVirtualClock } from '../../test/faults/virtual-clock.ts';
import { describeBytes } from '../../test/images/build-image.ts';
import { startTokenRegistry, type TokenRegistry, type TokenRegistryOptions } from '../../test/token-registry/token-registry.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { parseRepositoryName, parseTag } from '../oci/repository-name.ts';
import { type ByteSource, bytesSource } from '../streams/byte-source.ts';
import type { Clock } from '../streams/clock.ts';
import type { CredentialsLookup } from './credentials.ts';
import { createRegistryClient } from './registry-client.ts';
import { openRemotePush, type RemotePush } from './remote-push.ts';

const layer = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251));
const blob = describeBytes(mediaTypes.layer, layer);
const bearer = { kind: 'bearer', username: 'ada', password: 'sesame' } as const;
const ada: CredentialsLookup = async () => ({ kind: 'password', username: 'ada', password: 'sesame' });
/** Chunks have 8 MiB. */
const large = Buffer.alloc(20_000_000, 'large');
const largeBlob = describeBytes(mediaTypes.layer, large);

const http = createNodeHttpClient({ env: {} });
const opened: TokenRegistry[] = [];
afterEach(async () => {
  for (const registry of opened.splice(0)) await registry.close();
});
afterAll(() => http.close());

interface Opened {
  readonly registry: TokenRegistry;
  readonly push: RemotePush;
  readonly clock: Clock;
  /** Methods and paths that the repository was asked for, without what differs from run to run. */
  readonly asked: () => string[];
}

async function open(options: Partial<TokenRegistryOptions> = {}, mountFrom?: string): Promise<Opened> {
  const registry = await startTokenRegistry({ login: { kind: 'none' }, ...options });
  opened.push(registry);
  const clock = createVirtualClock();
  const client = createRegistryClient({ host: registry.host, http, clock, credentials: ada });
  const push = openRemotePush({
    client,
    name: parseRepositoryName('team/app'),
    clock,
    mountFrom: mountFrom === undefined ? undefined : parseRepositoryName(mountFrom),
  });
  const asked = (): string[] =>
    registry.requests
      .filter(({ line }) => line.includes('/team/app/'))
      .map(({ line }) =>
        line
          .replace(/\/v2\/team\/app\//, '')
          .replaceAll(/\?.*/g, '')
          .replace(/uploads\/.+/, 'uploads/ID'),
      );
  return { registry, push, clock, asked };
}

const head = `HEAD blobs/${blob.digest}`;
const whole = ['POST blobs/uploads/', 'PUT blobs/uploads/ID'];

/** Counts what is told to be sent. */
function meter(): { readonly total: () => number; readonly onProgress: (bytes: number) => void } {
  let sum = 0;
  return { total: () => sum, onProgress: (bytes) => void (sum += bytes) };
}

describe('pushing a blob', () => {
  test.each(['relative', 'absolute'] as const)('sends it whole, in two requests, where the location is %s', async (location) => {
    const { registry, push, asked } = await open({ uploads: { location } });
    const { total, onProgress } = meter();
    await push.putBlob(blob, bytesSource(layer), { onProgress });
    expect(registry.blobs.get(blob.digest)).toEqual(layer);
    expect(asked()).toEqual(whole);
    expect(total()).toBe(layer.byteLength);
    expect(registry.openUploads.size).toBe(0);
  });

  test('sends an empty one', async () => {
    const empty = describeBytes(mediaTypes.layer, new Uint8Array());
    const { registry, push } = await open();
    await push.putBlob(empty, bytesSource(new Uint8Array()));
    expect(registry.blobs.get(empty.digest)).toHaveLength(0);
  });

  test('asks for a token that may push, though the registry names the right to pull', async () => {
    const { registry, push } = await open({ login: bearer });
    await push.putBlob(blob, bytesSource(layer));
    const tokens = registry.requests.filter(({ line }) => line.includes('/token'));
    expect(tokens.map(({ line }) => line)).toEqual(['GET /token?service=tests&scope=repository%3Ateam%2Fapp%3Apull%2Cpush']);
  });

  test('opens its bytes once more when the token ends between session and bytes', async () => {
    const { registry, push, asked } = await open({ login: bearer });
    const { total, onProgress } = meter();
    let opens = 0;
    const source: ByteSource = {
      ...bytesSource(layer),
      open: (options) => {
        opens += 1;
        if (opens === 1) registry.revokeTokens();
        return bytesSource(layer).open(options);
      },
    };
    await push.putBlob(blob, source, { onProgress });
    expect(registry.blobs.get(blob.digest)).toEqual(layer);
    expect(asked()).toEqual(['POST blobs/uploads/', ...whole, 'PUT blobs/uploads/ID']);
    expect(opens).toBe(2);
    expect(total()).toBe(layer.byteLength);
  });

  test('takes no login along to another origin', async () => {
    for (const uploads of [{ location: 'elsewhere' }, { redirectsWith: 307 }, { redirectsWith: 308 }] as const) {
      const { registry, push } = await open({ login: { kind: 'basic', username: 'ada', password: 'sesame' }, uploads });
      await push.putBlob(blob, bytesSource(layer));
      expect(registry.blobs.get(blob.digest)).toEqual(layer);
      const elsewhere = registry.requests.filter(({ port }) => !registry.host.endsWith(`:${port}`));
      expect(elsewhere.map(({ authorization }) => authorization)).toEqual([undefined]);
    }
  });

  test('follows no redirect that would lose its bytes', async () => {
    for (const redirectsWith of [301, 302, 303]) {
      const { registry, push } = await open({ uploads: { redirectsWith } });
      const error = await rejection(push.putBlob(blob, bytesSource(layer)));
      expect(error).toMatchObject({ code: 'registry-invalid', message: expect.stringContaining(String(redirectsWith)) as unknown });
      expect(registry.blobs.has(blob.digest)).toBe(false);
    }
  });

  test('refuses an answer without a place to send it to', async () => {
    const { push } = await open({ uploads: { location: 'missing' } });
    expect(await rejection(push.putBlob(blob, bytesSource(layer)))).toMatchObject({ code: 'registry-invalid' });
  });
});

describe('pushing a blob in chunks', () => {
  const chunks = ['POST blobs/uploads/', ...Array<string>(3).fill('PATCH blobs/uploads/ID'), 'PUT blobs/uploads/ID'];

  test.each([405, 413, 501])('does so where a whole one is answered with %i, and remembers', async (refusesWholeWith) => {
    const { registry, push, asked } = await open({ uploads: { refusesWholeWith } });
    const { total, onProgress } = meter();
    await push.putBlob(largeBlob, bytesSource(large), { onProgress });
    expect(registry.blobs.get(largeBlob.digest)?.equals(large)).toBe(true);
    expect(total()).toBe(large.byteLength);
    expect(asked()).toEqual([...whole, ...chunks]);
    await push.putBlob(blob, bytesSource(layer));
    expect(asked().slice(-3)).toEqual(['POST blobs/uploads/', 'PATCH blobs/uploads/ID', 'PUT blobs/uploads/ID']);
  });

  test('makes them as large as the registry wants them', async () => {
    const { push, asked } = await open({ uploads: { refusesWholeWith: 405, minChunkBytes: 15_000_000 } });
    await push.putBlob(largeBlob, bytesSource(large));
    expect(asked().filter((line) => line.startsWith('PATCH'))).toHaveLength(2);
  });

  test('ignores what size they should have where none are needed', async () => {
    const { push, asked } = await open({ uploads: { minChunkBytes: 1_000_000 } });
    await push.putBlob(blob, bytesSource(layer));
    expect(asked()).toEqual(whole);
  });

  test('makes none that would fill the memory', async () => {
    const { push } = await open({ uploads: { refusesWholeWith: 405, minChunkBytes: 1_000_000_000 } });
    expect(await rejection(push.putBlob(blob, bytesSource(layer)))).toMatchObject({ code: 'registry-invalid' });
  });

  test('ends no session with other bytes than those promised', async () => {
    const { registry, push, asked } = await open({ uploads: { refusesWholeWith: 405 } });
    await push.putBlob(blob, bytesSource(layer));
    const other = Buffer.from(large);
    other[19_999_999] = 0;
    expect(await rejection(push.putBlob(largeBlob, bytesSource(other)))).toMatchObject({ code: 'digest-mismatch' });
    expect(registry.blobs.has(largeBlob.digest)).toBe(false);
    expect(asked().at(-1)).toMatch(/^PATCH/);
  });
});

describe('pushing a blob when something goes wrong', () => {
  test('begins again where the connection broke', async () => {
    const { registry, push, asked } = await open({ uploads: { breaksAfterBytes: 100_000 } });
    const { total, onProgress } = meter();
    await push.putBlob(blob, bytesSource(layer), { onProgress });
    expect(registry.blobs.get(blob.digest)).toEqual(layer);
    expect(asked()).toEqual([...whole, head, ...whole]);
    expect(total()).toBe(layer.byteLength);
  });

  test('sends it once where only the answer was lost', async () => {
    const { registry, push, asked } = await open({ uploads: { losesFirstAnswer: true } });
    await push.putBlob(blob, bytesSource(layer));
    expect(registry.blobs.has(blob.digest)).toBe(true);
    expect(asked()).toEqual([...whole, head]);
  });

  test.each(['POST', 'PUT'])('waits as long as the registry asks for when it limits a %s', async (method) => {
    const { registry, push, clock } = await open();
    registry.interruptions.push({ method, status: 429, headers: { 'retry-after': '7' } });
    const before = clock.now();
    await push.putBlob(blob, bytesSource(layer));
    expect(clock.now() - before).toBeGreaterThanOrEqual(7000);
    expect(registry.blobs.has(blob.digest)).toBe(true);
  });

  test('gives up when it never gets better, and says so', async () => {
    const { registry, push } = await open();
    registry.interruptions.push(...Array.from({ length: 10 }, () => ({ method: 'POST', status: 503 })));
    expect(await rejection(push.putBlob(blob, bytesSource(layer)))).toMatchObject({ code: 'registry-unavailable' });
    expect(registry.interruptions).toHaveLength(4);
  });

  test('begins another session when the registry has lost the first', async () => {
    const { registry, push } = await open();
    registry.interruptions.push({ method: 'PUT', status: 404 });
    await push.putBlob(blob, bytesSource(layer));
    expect(registry.blobs.has(blob.digest)).toBe(true);
  });

  test('says at once that the login may not push, or that there is no such repository', async () => {
    for (const [status, code] of [
      [403, 'denied'],
      [404, 'repository-missing'],
      [401, 'unauthorized'],
    ] as const) {
      const { registry, push, asked } = await open();
      registry.interruptions.push({ method: 'POST', status });
      expect(await rejection(push.putBlob(blob, bytesSource(layer)))).toMatchObject({ code });
      expect(asked()).toEqual(['POST blobs/uploads/']);
    }
  });

  test('stores no other bytes than those promised, and tries no second time', async () => {
    const { registry, push, asked } = await open();
    const other = Buffer.from(layer);
    other[299_999] = 255;
    expect(await rejection(push.putBlob(blob, bytesSource(other)))).toMatchObject({ code: 'digest-mismatch' });
    expect(await rejection(push.putBlob(blob, bytesSource(layer.subarray(1))))).toMatchObject({ code: 'size-mismatch' });
    expect(registry.blobs.size).toBe(0);
    expect(asked().filter((line) => line.startsWith('POST'))).toHaveLength(2);
  });

  test('hands on what the source fails with, and tries no second time', async () => {
    const { push, asked } = await open();
    const failure = new RegistryError('registry-unavailable', 'Cannot read the source');
    const source: ByteSource = {
      size: layer.byteLength,
      seekable: false,
      async *open() {
        yield layer.subarray(0, 1000);
        throw failure;
      },
    };
    expect(await rejection(push.putBlob(blob, source))).toBe(failure);
    expect(asked().filter((line) => line.startsWith('POST'))).toHaveLength(1);
  });

  test('ends the sessions that are left when told to', async () => {
    const { registry, push } = await open();
    registry.interruptions.push({ method: 'PUT', status: 400 });
    expect(await rejection(push.putBlob(blob, bytesSource(layer)))).toMatchObject({ code: 'registry-invalid' });
    expect(registry.openUploads.size).toBe(1);
    await push.cancelUploads();
    expect(registry.openUploads.size).toBe(0);
  });

  test('stops when it is told to', async () => {
    const { push } = await open();
    const stop = new AbortController();
    const source: ByteSource = {
      ...bytesSource(layer),
      open: (options) => {
        stop.abort();
        return bytesSource(layer).open(options);
      },
    };
    expect(await rejection(push.putBlob(blob, source, { signal: stop.signal }))).toMatchObject({ code: 'aborted' });
  });
});

describe('mounting a blob', () => {
  const neverRead: ByteSource = {
    size: layer.byteLength,
    seekable: true,
    open: () => expect.unreachable('wanted no byte to be read'),
  };

  test('sends no byte where another repository has it, with a token for both', async () => {
    const { registry, push, asked } = await open({ login: bearer }, 'team/base');
    registry.mountable.set(blob.digest, layer);
    await push.putBlob(blob, neverRead);
    expect(registry.blobs.get(blob.digest)).toEqual(layer);
    expect(asked()).toEqual(['POST blobs/uploads/', 'POST blobs/uploads/']);
    expect(registry.requests.map(({ line }) => line)).toContain(
      'GET /token?service=tests&scope=repository%3Ateam%2Fapp%3Apull%2Cpush&scope=repository%3Ateam%2Fbase%3Apull',
    );
  });

  test('goes on with the upload that is begun instead', async () => {
    const { registry, push, asked } = await open({}, 'team/base');
    await push.putBlob(blob, bytesSource(layer));
    expect(registry.blobs.has(blob.digest)).toBe(true);
    expect(asked()).toEqual(whole);
  });

  test('begins an upload where the mount is refused', async () => {
    const { registry, push, asked } = await open({ uploads: { refusesMountWith: 405 } }, 'team/base');
    await push.putBlob(blob, bytesSource(layer));
    expect(registry.blobs.has(blob.digest)).toBe(true);
    expect(asked()).toEqual(['POST blobs/uploads/', ...whole]);
  });
});

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
