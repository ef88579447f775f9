import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startContainerd } from './containerd.ts';
import { startCraneRegistry } from './crane-registry.ts';
import type { PeerRegistry } from './crane-registry.ts';
import { openCrane } from './crane.ts';
import { startDockerd } from './dockerd.ts';
import { findLeftovers, listSystemState } from './leftovers.ts';
import { openOras } from './oras.ts';
import { openPodman } from './podman.ts';
import { openRegctl } from './regctl.ts';
import { describePeer } from './require-peer.ts';
import { openSkopeo } from './skopeo.ts';
import { pushTinyImage, TINY_IMAGE_OUTPUT } from './tiny-image.ts';

const DIGEST = /^sha256:[0-9a-f]{64}\n$/;
const HOSTS = ['pub.localhost'];

describePeer('crane', 'clients against a registry that is not ours', () => {
  let registry: PeerRegistry;
  /** By address, and by a name that resolves only where `HOSTS` are given. */
  let byAddress: string;
  let byName: string;
  let systemState: readonly string[];

  beforeAll(async () => {
    systemState = listSystemState();
    registry = await startCraneRegistry();
    byAddress = `${registry.host}/team/app:1.0`;
    byName = byAddress.replace('127.0.0.1', 'pub.localhost');
    await pushTinyImage(byAddress);
  });

  afterAll(async () => {
    await registry.close();
    expect(await findLeftovers(registry.home)).toEqual([]);
    expect(listSystemState()).toEqual(systemState);
  });

  test('crane resolves a tag, by address and by a name of its own hosts file', async () => {
    const crane = await openCrane();
    const digest = await crane.run(['digest', byAddress]);
    expect(digest.stdout).toMatch(DIGEST);
    expect(await crane.run(['digest', byName], { hosts: HOSTS })).toEqual(digest);
    expect((await crane.run(['digest', byName])).code).toBe(1);
    await crane.close();
    expect(await findLeftovers(crane.home)).toEqual([]);
  });

  describePeer('oras', 'oras', () => {
    test('resolves a tag', async () => {
      const oras = await openOras();
      expect((await oras.run(['resolve', '--plain-http', byAddress])).stdout).toMatch(DIGEST);
      await oras.close();
    });
  });

  describePeer('regctl', 'regctl', () => {
    test('resolves a tag on a host that it is told to reach without TLS', async () => {
      const regctl = await openRegctl([registry.host]);
      expect((await regctl.run(['image', 'digest', byAddress])).stdout).toMatch(DIGEST);
      await regctl.close();
    });
  });

  describePeer('skopeo', 'skopeo', () => {
    test('copies an image into a layout', async () => {
      const skopeo = await openSkopeo();
      const target = `oci:${join(skopeo.home, 'layout')}:1.0`;
      const copy = ['copy', '--src-tls-verify=false', `docker://${byName}`, target];
      expect(await skopeo.run(copy, { hosts: HOSTS })).toMatchObject({ code: 0 });
      const inspected = await skopeo.run(['inspect', '--format', '{{.Digest}}', target]);
      expect(inspected.stdout).toMatch(DIGEST);
      await skopeo.close();
    });
  });

  describePeer('podman', 'podman', () => {
    test('pulls an image, runs it, and leaves nothing', async () => {
      const podman = await openPodman();
      const pull = ['pull', '--tls-verify=false', byName];
      expect(await podman.run(pull, { hosts: HOSTS })).toMatchObject({ code: 0 });
      expect(await podman.runContainer([byName])).toMatchObject({
        code: 0,
        stdout: TINY_IMAGE_OUTPUT,
      });
      await podman.close();
      expect(await findLeftovers(podman.home)).toEqual([]);
    });
  });

  describePeer('containerd', 'containerd', () => {
    test('pulls an image, runs it, and leaves nothing', async () => {
      const containerd = await startContainerd();
      const snapshotter = ['--snapshotter', 'native'];
      const pull = ['images', 'pull', '--plain-http', ...snapshotter, byName];
      expect(await containerd.ctr(pull, { hosts: HOSTS })).toMatchObject({ code: 0 });
      // By way of a file: `ctr` now and then ends before it has read all that a short-lived program printed.
      const log = join(containerd.home, 'moo.log');
      const run = ['run', '--rm', ...snapshotter, `--log-uri=file://${log}`, byName, 'moo'];
      expect(await containerd.ctr(run)).toMatchObject({ code: 0 });
      expect(await readFile(log, 'utf8')).toBe(TINY_IMAGE_OUTPUT);
      await containerd.close();
      expect(await findLeftovers(containerd.home)).toEqual([]);
    });
  });

  describePeer('dockerd', 'dockerd', () => {
    test('pulls an image, runs it, and leaves nothing', async () => {
      const dockerd = await startDockerd({ hosts: HOSTS });
      expect(await dockerd.docker(['pull', byName])).toMatchObject({ code: 0 });
      const run = ['run', '--rm', '--network=none', byName];
      expect(await dockerd.docker(run)).toMatchObject({ code: 0, stdout: TINY_IMAGE_OUTPUT });
      await dockerd.close();
      expect(await findLeftovers(dockerd.home)).toEqual([]);
    });
  });
});
