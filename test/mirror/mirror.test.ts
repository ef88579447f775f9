import { afterEach, describe, expect, test } from 'vitest';
import type { TagReport } from '../../src/mirror/mirror-report.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { fallbackTagOf } from '../../src/oci/fallback-tag.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import { parseRepositoryName, parseTag } from '../../src/oci/repository-name.ts';
import { createBucketSource } from '../../src/transports/bucket-source.ts';
import { addBlob, addImage, addIndex, addManifest } from '../images/build-image.ts';
import { copyBack } from '../images/copy-back.ts';
import { type MirrorWorld, startMirrorWorld } from './mirror-world.ts';

let world: MirrorWorld;
afterEach(() => world.close());

/** An artifact; with a subject it refers to it. */
function addArtifact({ graph }: MirrorWorld, text: string, subject?: Descriptor): Descriptor {
  const config = addBlob(graph, mediaTypes.emptyJson, '{}');
  const layers = [addBlob(graph, 'application/vnd.example', text)];
  return addManifest(graph, mediaTypes.imageManifest, {
    artifactType: 'application/vnd.example',
    config,
    layers,
    ...(subject && { subject }),
  });
}

function outcomes(tags: readonly TagReport[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).map(({ tag, outcome }) => [tag, outcome]));
}

const cosignTag = ({ digest }: Descriptor, kind: string): string => `${digest.replace(':', '-')}.${kind}`;

describe('a mirrored repository', () => {
  test('has every image whole, with platforms, attestations, referrers and cosign’s tags, under the same digests', async () => {
    world = await startMirrorWorld();
    const index = await addIndex(world.graph, ['linux/amd64', 'linux/arm64'], true);
    const image = await addImage(world.graph, 'linux/amd64');
    const referrer = addArtifact(world, 'sbom', index);
    const nested = addArtifact(world, 'signature of the sbom', referrer);
    const signature = addArtifact(world, 'cosign signature');
    const childSignature = addArtifact(world, 'cosign signature of one platform');
    const stray = addArtifact(world, 'cosign signature of what has no tag');
    const child = (JSON.parse(new TextDecoder().decode(world.graph.manifests.get(index.digest))) as { manifests: Descriptor[] })
      .manifests[0];
    const [tagOfIndex, tagOfChild] = [cosignTag(index, 'sig'), cosignTag(child ?? index, 'att')];
    world.offer({ '1.0': index, '2.0': image, [tagOfIndex]: signature, [tagOfChild]: childSignature, [cosignTag(stray, 'sig')]: stray });

    const { totals, repositories } = await world.run();

    expect(totals).toMatchObject({ copied: 4, failed: 0, failedRepositories: 0 });
    expect(Object.keys(outcomes(repositories[0]?.tags)).toSorted()).toEqual(['1.0', '2.0', tagOfIndex, tagOfChild].toSorted());
    const repository = world.repository();
    expect(await repository.tags.list()).toEqual(['1.0', '2.0', tagOfIndex, tagOfChild].toSorted());
    for (const [tag, root] of [
      ['1.0', index],
      ['2.0', image],
      [tagOfIndex, signature],
    ] as const) {
      // Every byte is verified on the way back
      const source = createBucketSource(repository, { reference: parseTag(tag), location: tag });
      expect((await copyBack(Promise.resolve(source))).root.digest).toBe(root.digest);
    }
    expect((await repository.referrers.list(index.digest))?.map(({ digest }) => digest)).toEqual([referrer.digest]);
    expect((await repository.referrers.list(referrer.digest))?.map(({ digest }) => digest)).toEqual([nested.digest]);
  });

  test('is left alone as long as it is in step, for one HEAD a tag', async () => {
    world = await startMirrorWorld();
    const images: Record<string, Descriptor> = {};
    for (let minor = 0; minor < 40; minor += 1)
      images[`1.${minor}`] = await addImage(world.graph, 'linux/amd64', ['base', `version ${minor}`]);
    world.offer(images);
    expect((await world.run()).totals).toMatchObject({ copied: 40 });
    world.asked();
    world.store.requests.length = 0;

    expect((await world.run()).totals).toMatchObject({ unchanged: 40, copied: 0, blobs: 0 });

    const asked = world.asked();
    expect(asked.filter((line) => line.startsWith('HEAD')).toSorted()).toEqual(
      Object.keys(images)
        .map((tag) => `HEAD manifests/${tag}`)
        .toSorted(),
    );
    expect(asked.filter((line) => !line.startsWith('HEAD')).toSorted()).toEqual(['GET /token', 'GET tags/list', 'GET tags/list']);
    expect(world.store.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD')).toEqual([]);
  });

  test('gets only what changed', async () => {
    world = await startMirrorWorld();
    const [old, kept] = [await addImage(world.graph, 'linux/amd64', ['old']), await addImage(world.graph, 'linux/amd64', ['kept'])];
    world.offer({ latest: old, stable: kept });
    await world.run();
    const next = await addImage(world.graph, 'linux/amd64', ['next']);
    world.offer({ latest: next });
    world.asked();

    const { repositories } = await world.run();

    expect(outcomes(repositories[0]?.tags)).toEqual({ latest: 'copied', stable: 'unchanged' });
    expect(await world.repository().tags.digestOf(parseTag('latest'))).toBe(next.digest);
    expect(world.asked().filter((line) => line.includes(kept.digest))).toEqual([]);
  });

  test('asks for an image once, whatever number of tags it has', async () => {
    world = await startMirrorWorld();
    const image = await addImage(world.graph, 'linux/amd64');
    world.offer({ '1': image, '1.0': image, latest: image });
    const { totals } = await world.run();
    expect(totals).toMatchObject({ copied: 1, tagged: 2 });
    expect(world.asked().filter((line) => line.startsWith('GET manifests/'))).toEqual([`GET manifests/${image.digest}`]);
    expect(await world.repository().tags.list()).toEqual(['1', '1.0', 'latest']);
    world.offer({ '1.0.0': image });
    world.asked();
    expect((await world.run()).totals).toMatchObject({ unchanged: 3, tagged: 1 });
    expect(world.asked().filter((line) => line.startsWith('GET manifests/'))).toEqual([]);
  });

  test('finds referrers under fallback tags, and asks for none that is not listed', async () => {
    world = await startMirrorWorld({ lacksReferrers: true });
    const [signed, other] = [await addImage(world.graph, 'linux/amd64', ['signed']), await addImage(world.graph, 'linux/amd64', ['other'])];
    const referrer = addArtifact(world, 'sbom', signed);
    const fallback = addManifest(world.graph, mediaTypes.imageIndex, { manifests: [referrer] });
    world.offer({ signed, other, [fallbackTagOf(signed.digest)]: fallback });
    expect((await world.run()).totals).toMatchObject({ copied: 2 });
    expect((await world.repository().referrers.list(signed.digest))?.map(({ digest }) => digest)).toEqual([referrer.digest]);
    expect(await world.repository().tags.list()).toEqual(['other', 'signed']);
    expect(world.asked().filter((line) => line.startsWith('GET manifests/sha256-'))).toEqual([
      `GET manifests/${fallbackTagOf(signed.digest)}`,
    ]);
  });

  test('finds referrers that came later when it is asked to', async () => {
    world = await startMirrorWorld();
    const image = await addImage(world.graph, 'linux/amd64');
    world.offer({ latest: image });
    await world.run();
    const referrer = addArtifact(world, 'late', image);
    world.offer({});
    expect((await world.run()).totals).toMatchObject({ unchanged: 1 });
    expect((await world.run({}, { refreshReferrers: true })).totals).toMatchObject({ copied: 1 });
    expect((await world.repository().referrers.list(image.digest))?.map(({ digest }) => digest)).toEqual([referrer.digest]);
    expect((await world.run({}, { refreshReferrers: true })).totals).toMatchObject({ unchanged: 1 });
  });

  test('has the platforms that were chosen, and compares with what was made of them', async () => {
    world = await startMirrorWorld();
    const index = await addIndex(world.graph, ['linux/amd64', 'linux/arm64', 'linux/arm/v7'], true);
    world.offer({ latest: index });
    const platforms = ['linux/amd64', 'linux/arm64'].map(parsePlatform);
    const { repositories } = await world.run({ platforms });
    expect(repositories[0]?.tags[0]?.digest).not.toBe(index.digest);
    const stored = await world.repository().tags.get(parseTag('latest'));
    expect(stored?.manifest.kind === 'index' && stored.manifest.manifests).toHaveLength(4);
    world.asked();
    expect((await world.run({ platforms })).totals).toMatchObject({ unchanged: 1, blobs: 0 });
    expect(world.asked().filter((line) => line.includes('manifests/'))).toEqual(['GET manifests/latest']);
  });

  test('gives no tag another image because one of its tags moved meanwhile', async () => {
    world = await startMirrorWorld();
    const architectures = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'];
    const [index, next] = [await addIndex(world.graph, architectures, true), await addIndex(world.graph, architectures, false)];
    world.offer({ '1.0': index, latest: index });
    const { manifests, requests } = world.registry;
    const get = manifests.get.bind(manifests);
    let moved: string | undefined;
    manifests.get = (reference) => {
      const reads = requests.filter(({ line }) => line.endsWith(`/manifests/${reference}`)).length;
      // The second time it is copied
      if (reads === 2 && ['1.0', 'latest'].includes(reference)) {
        if (moved === undefined) world.offer({ [reference]: next });
        moved ??= reference;
      }
      return get(reference);
    };
    const job = { platforms: ['linux/amd64', 'linux/arm64'].map(parsePlatform) };
    expect((await world.run(job)).totals).toMatchObject({ copied: 2, failed: 0 });
    expect(moved).toBeDefined();
    expect((await world.run(job)).totals).toMatchObject({ unchanged: 2 });
  });

  test('is only looked at in a dry run', async () => {
    world = await startMirrorWorld();
    world.offer({ latest: await addImage(world.graph, 'linux/amd64') });
    const { totals, isDryRun } = await world.run({ prune: { count: 1 } }, { isDryRun: true });
    expect({ totals, isDryRun }).toMatchObject({ totals: { planned: 1, copied: 0 }, isDryRun: true });
    expect(world.store.objects('bucket')).toEqual([]);
  });
});

describe('one bad image', () => {
  test('stops no other, and the report says what is wrong with it', async () => {
    world = await startMirrorWorld();
    const [bad, good] = [await addImage(world.graph, 'linux/amd64', ['bad']), await addImage(world.graph, 'linux/amd64', ['good'])];
    world.offer({ bad, good, alias: bad });
    const { layers } = JSON.parse(new TextDecoder().decode(world.graph.manifests.get(bad.digest))) as { layers: Descriptor[] };
    const [layer] = layers;
    const damaged = Buffer.from(world.registry.blobs.get(layer?.digest ?? '') ?? '').map((byte) => byte ^ 1);
    world.registry.blobs.set(layer?.digest ?? '', Buffer.from(damaged));

    const { totals, repositories } = await world.run();

    expect(totals).toMatchObject({ copied: 1, failed: 2 });
    expect(repositories[0]?.tags.find(({ tag }) => tag === 'bad')?.error).toMatchObject({ code: 'digest-mismatch' });
    expect(await world.repository().tags.list()).toEqual(['good']);
  });

  test('in a repository that is not there stops no other repository', async () => {
    world = await startMirrorWorld({ login: { kind: 'none' } });
    world.offer({ latest: await addImage(world.graph, 'linux/amd64') });
    const missing = parseRepositoryName('team/missing');
    const { totals, repositories } = await world.run([{ repository: missing, target: missing }, {}]);
    expect(totals).toMatchObject({ copied: 1, failedRepositories: 1 });
    expect(repositories[0]?.error).toMatchObject({ code: 'repository-missing' });
  });
});

describe('tags that are gone', () => {
  test('are deleted where that is asked for, within the bound, and never those of others', async () => {
    world = await startMirrorWorld();
    const image = await addImage(world.graph, 'linux/amd64');
    world.offer({ v1: image, v2: image, v3: image, other: image });
    await world.run();
    for (const tag of ['v1', 'v2', 'other']) world.withdraw(tag);
    const job = { selection: { tags: ['v*'] } };

    expect((await world.run(job)).totals).toMatchObject({ pruned: 0 });
    const refused = await world.run({ ...job, prune: { count: 1 } });
    expect(refused.repositories[0]).toMatchObject({ pruned: [], error: { code: 'prune-refused' } });
    expect(await world.repository().tags.list()).toEqual(['other', 'v1', 'v2', 'v3']);
    expect((await world.run({ ...job, prune: { count: 2 } }, { isDryRun: true })).repositories[0]?.pruned).toEqual(['v1', 'v2']);
    expect((await world.run({ ...job, prune: { count: 2 } })).repositories[0]?.pruned).toEqual(['v1', 'v2']);
    expect(await world.repository().tags.list()).toEqual(['other', 'v3']);
  });
});

describe('a registry with a limit', () => {
  test('is left what the floor says: images are postponed, what is unchanged is still looked at', async () => {
    const left = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '20;w=21600' };
    world = await startMirrorWorld({ manifestHeaders: left });
    const image = await addImage(world.graph, 'linux/amd64');
    world.offer({ old: image });
    await world.run();
    world.offer({ next: await addImage(world.graph, 'linux/amd64', ['next']) });
    world.asked();
    const { repositories } = await world.run({}, { rateLimitFloor: 20 });
    expect(outcomes(repositories[0]?.tags)).toEqual({ old: 'unchanged', next: 'postponed' });
    expect(world.asked().filter((line) => line.startsWith('GET manifests/'))).toEqual([]);
    expect((await world.run({}, { rateLimitFloor: 19 })).totals).toMatchObject({ copied: 1 });
  });

  test('that refuses is not asked for images any more: all that are left are postponed, none has failed', async () => {
    world = await startMirrorWorld();
    const [one, two] = [await addImage(world.graph, 'linux/amd64', ['one']), await addImage(world.graph, 'linux/amd64', ['two'])];
    world.offer({ one, two });
    // Longer than anyone would wait
    world.registry.interruptions.push({ method: 'GET', path: 'manifests/', status: 429, headers: { 'retry-after': '21600' } });
    const { repositories, totals } = await world.run({}, { concurrency: 1 });
    expect(outcomes(repositories[0]?.tags)).toEqual({ one: 'postponed', two: 'postponed' });
    expect(totals).toMatchObject({ failed: 0, failedRepositories: 0 });
    expect((await world.run()).totals).toMatchObject({ copied: 2 });
  });
});

describe('repositories of one bucket', () => {
  test('get each blob once from the registry: the store copies it to the others', async () => {
    world = await startMirrorWorld();
    const [one, two] = [
      await addImage(world.graph, 'linux/amd64', ['shared', 'one']),
      await addImage(world.graph, 'linux/amd64', ['shared', 'two']),
    ];
    world.offer({ one, two });
    const names = ['mirrors/a', 'mirrors/b', 'mirrors/c'].map((name) => parseRepositoryName(name));
    const { totals } = await world.run(names.map((target) => ({ target })));
    expect(totals).toMatchObject({ copied: 6, failed: 0 });
    const blobs = world.asked().filter((line) => line.startsWith('GET blobs/'));
    expect(blobs.toSorted()).toEqual([...world.graph.blobs.keys()].map((digest) => `GET blobs/${digest}`).toSorted());
    for (const name of names) {
      const source = createBucketSource(world.repository(name), { reference: parseTag('two'), location: name });
      expect((await copyBack(Promise.resolve(source))).root.digest).toBe(two.digest);
    }
  });
});
