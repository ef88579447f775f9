import { afterAll, beforeAll, expect, test } from 'vitest';
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
import { expectSuccess } from './refusal.ts';
import { checkContent } from './take-by-copy.ts';

/** What `bucketry pull` writes into files, read by the tools that the formats come from. */
let fixture: ArchiveFixture;

beforeAll(async () => {
  fixture = await openArchiveFixture();
});

afterAll(() => fixture.close());

const RUNNABLE: readonly ImageName[] = ['index', 'single', 'docker', 'uncompressed'];

describePeer('podman', 'podman load', () => {
  let podman: Podman;

  beforeAll(async () => {
    podman = await openPodman();
  });

  afterAll(() => podman.close());

  test.each<ImageName>([...RUNNABLE, 'zstd'])('takes a docker-archive of the image "%s", which then runs', async (name) => {
    const file = fixture.path(`podman-${name}.tar`);
    await fixture.pull(name, `docker-archive:${file}:loaded/${name}:1.0`);
    expectSuccess(await podman.run(['load', '--input', file]));
    expect(expectSuccess(await podman.runContainer([`docker.io/loaded/${name}:1.0`]))).toBe(fixture.place.images[name].output);
  });

  test.each(['single', 'docker', 'zstd'] as const)('takes an oci-archive of the image "%s", which then runs', async (name) => {
    const file = fixture.path(`podman-${name}-oci.tar`);
    await fixture.pull(name, `oci-archive:${file}:loaded-oci/${name}:1.0`);
    const loaded = expectSuccess(await podman.run(['load', '--input', file]));
    const [, reference = ''] = /Loaded image: (\S+)/.exec(loaded) ?? [];
    expect(expectSuccess(await podman.runContainer([reference]))).toBe(fixture.place.images[name].output);
  });
});

// Not of zstd layers: an archive keeps layers as they are, and Docker 20.10 knows no zstd.
describePeer('dockerd', 'docker load', () => {
  let dockerd: Dockerd;

  beforeAll(async () => {
    dockerd = await startDockerd();
  });

  afterAll(() => dockerd.close());

  test.each(RUNNABLE)('takes a docker-archive of the image "%s", which then runs', async (name) => {
    const file = fixture.path(`docker-${name}.tar`);
    await fixture.pull(name, `docker-archive:${file}:loaded/${name}:1.0`);
    expectSuccess(await dockerd.docker(['load', '--input', file]));
    const run = await dockerd.docker(['run', '--rm', '--network=none', `loaded/${name}:1.0`]);
    expect(expectSuccess(run)).toBe(fixture.place.images[name].output);
  });
});

describePeer('skopeo', 'skopeo copy', () => {
  let skopeo: PeerCommand;

  beforeAll(async () => {
    skopeo = await openSkopeo();
  });

  afterAll(() => skopeo.close());

  test.each(['index', 'single', 'uncompressed', 'zstd'] as const)(
    'reads an OCI layout and an oci-archive of the image "%s", every byte',
    async (name) => {
      for (const kind of ['oci', 'oci-archive']) {
        const written = `${kind}:${fixture.path(`skopeo-${name}-${kind}`)}:1.0`;
        const folder = fixture.path(`copied-${name}-${kind}`);
        await fixture.pull(name, written);
        expectSuccess(await skopeo.run(['copy', '--all', written, `dir:${folder}`]));
        await checkContent(folder, fixture.place.images[name].digests);
      }
    },
  );
});
