import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCraneRegistry } from '../peers/crane-registry.ts';
import { openCrane } from '../peers/crane.ts';
import { startDockerd } from '../peers/dockerd.ts';
import type { Dockerd } from '../peers/dockerd.ts';
import type { PeerCommand } from '../peers/peer-command.ts';
import { openPodman } from '../peers/podman.ts';
import type { Podman } from '../peers/podman.ts';
import { describePeer } from '../peers/require-peer.ts';
import { openSkopeo } from '../peers/skopeo.ts';
import { openArchiveFixture } from './archive-fixture.ts';
import type { ArchiveFixture } from './archive-fixture.ts';
import type { ImageName } from './images.ts';
import { formatByTag } from './place.ts';
import { expectSuccess } from './refusal.ts';
import { checkContent } from './take-by-copy.ts';

/** What other tools have written, pushed by us, and pulled from the bucket by other tools again. */
describePeer('crane', 'images that others made', () => {
  let fixture: ArchiveFixture;
  let crane: PeerCommand;

  beforeAll(async () => {
    fixture = await openArchiveFixture();
    crane = await openCrane();
  });

  afterAll(async () => {
    await crane.close();
    await fixture.close();
  });

  const digestOf = async (reference: string): Promise<string> => expectSuccess(await crane.run(['digest', reference])).trim();

  test.each(['index', 'attested', 'docker', 'docker-list', 'artifact'] as const)(
    'the image "%s" keeps its digest on the way out of a registry that is not ours',
    async (name) => {
      const registry = await startCraneRegistry();
      try {
        const there = `${registry.host}/team/app:${name}`;
        expectSuccess(await crane.run(['copy', formatByTag(fixture.place, name), there]));
        const reference = await fixture.push(`docker://${there}`, `from-registry-${name}`);
        expect(await digestOf(reference)).toBe(fixture.place.images[name].root.digest);
        const folder = fixture.path(`pulled-${name}`);
        expectSuccess(await crane.run(['pull', '--format=oci', reference, folder]));
        await checkContent(folder, fixture.place.images[name].digests);
      } finally {
        await registry.close();
      }
    },
  );

  describePeer('skopeo', 'by skopeo', () => {
    let skopeo: PeerCommand;

    beforeAll(async () => {
      skopeo = await openSkopeo();
    });

    afterAll(() => skopeo.close());

    test.each([
      ['oci', 'index'],
      ['oci', 'zstd'],
      ['oci-archive', 'index'],
      ['oci-archive', 'single'],
    ] as const)('an %s of the image "%s" is pulled with its digest', async (kind, name) => {
      const file = `${kind}:${fixture.path(`skopeo-${kind}-${name}`)}:1.0`;
      const copy = ['copy', '--all', '--src-tls-verify=false', `docker://${formatByTag(fixture.place, name)}`, file];
      expectSuccess(await skopeo.run(copy));
      const reference = await fixture.push(file, `by-skopeo-${kind}-${name}`);
      expect(await digestOf(reference)).toBe(fixture.place.images[name].root.digest);
    });
  });

  describePeer(['podman', 'skopeo'], 'by podman', () => {
    let podman: Podman;
    let skopeo: PeerCommand;

    beforeAll(async () => {
      podman = await openPodman();
      skopeo = await openSkopeo();
      expectSuccess(await podman.run(['pull', '--tls-verify=false', formatByTag(fixture.place, 'index')]));
    });

    afterAll(async () => {
      await podman.close();
      await skopeo.close();
    });

    const save = async (format: string): Promise<string> => {
      const path = fixture.path(`podman-${format}`);
      expectSuccess(await podman.run(['save', `--format=${format}`, `--output=${path}`, formatByTag(fixture.place, 'index')]));
      return path;
    };
    const runPulled = async (reference: string): Promise<string> => {
      expectSuccess(await podman.run(['pull', '--tls-verify=false', reference]));
      return expectSuccess(await podman.runContainer([reference]));
    };

    test('`podman save` of a docker-archive: the image runs', async () => {
      const reference = await fixture.push(`docker-archive:${await save('docker-archive')}`, 'by-podman-docker');
      expect(await runPulled(reference)).toBe(fixture.place.images.index.output);
    });

    test.each([
      ['oci-archive', 'oci-archive'],
      ['oci-dir', 'oci'],
    ])('`podman save` of an %s: the image keeps its digest, and runs', async (format, transport) => {
      const source = `${transport}:${await save(format)}`;
      const digest = expectSuccess(await skopeo.run(['inspect', '--format={{.Digest}}', source])).trim();
      const reference = await fixture.push(source, `by-podman-${format}`);
      expect(await digestOf(reference)).toBe(digest);
      expect(await runPulled(reference)).toBe(fixture.place.images.index.output);
    });
  });

  describePeer('dockerd', 'by Docker', () => {
    let dockerd: Dockerd;

    beforeAll(async () => {
      dockerd = await startDockerd();
    });

    afterAll(() => dockerd.close());

    test.each<ImageName>(['index', 'docker'])('`docker save` of the image "%s": it runs', async (name) => {
      const there = formatByTag(fixture.place, name);
      const file = fixture.path(`docker-${name}.tar`);
      expectSuccess(await dockerd.docker(['pull', there]));
      expectSuccess(await dockerd.docker(['save', '--output', file, there]));
      expectSuccess(await dockerd.docker(['image', 'rm', there]));
      const reference = await fixture.push(`docker-archive:${file}`, `by-docker-${name}`);
      expectSuccess(await dockerd.docker(['pull', reference]));
      const run = await dockerd.docker(['run', '--rm', '--network=none', reference]);
      expect(expectSuccess(run)).toBe(fixture.place.images[name].output);
    });
  });
});
