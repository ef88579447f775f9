import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCommandLine } from '../cli/command-line.ts';
import { type Dockerd, startDockerd } from '../peers/dockerd.ts';
import { describePeer } from '../peers/require-peer.ts';
import { quoteWord } from '../../src/cli/quote-word.ts';
import { runCommand } from '../peers/run-command.ts';
import { bucketryCommand } from './bucketry.ts';
import { type ArchiveFixture, openArchiveFixture } from './archive-fixture.ts';
import { expectSuccess } from './refusal.ts';

describePeer('dockerd', 'images of a Docker daemon', () => {
  let fixture: ArchiveFixture;
  let dockerd: Dockerd;

  beforeAll(async () => {
    fixture = await openArchiveFixture();
    dockerd = await startDockerd();
  });

  afterAll(async () => {
    await dockerd.close();
    await fixture.close();
  });

  const bucketry = (environment: Record<string, string> = { DOCKER_HOST: `unix://${dockerd.socket}` }) =>
    openCommandLine({ folder: fixture.path('.'), environment });
  const bucketPlace = (name: string): string => `file:${fixture.path('bucket')}//${name}`;
  const runImage = async (name: string): Promise<string> =>
    expectSuccess(await dockerd.docker(['run', '--rm', '--network=none', '--pull=never', name]));

  test('go from the bucket to the daemon, to the bucket and to the daemon again, and run', async () => {
    const { repository, images } = fixture.place;
    expectSuccess(await bucketry().run('pull', bucketPlace(`${repository}:index`), 'docker-daemon:round/trip:1.0'));
    expect(await runImage('round/trip:1.0')).toBe(images.index.output);
    expectSuccess(await bucketry().run('push', 'docker-daemon:round/trip:1.0', bucketPlace('made/trip:2.0')));
    expectSuccess(await dockerd.docker(['image', 'rm', 'round/trip:1.0']));
    expectSuccess(await bucketry().run('pull', bucketPlace('made/trip:2.0'), 'docker-daemon:again'));
    expect(await runImage('again:latest')).toBe(images.index.output);
  });

  test('are found by ID, and over the context that is in use', async () => {
    const { repository, images } = fixture.place;
    const context = { DOCKER_CONFIG: join(fixture.path('.'), 'docker') };
    const endpoint = `host=unix://${dockerd.socket}`;
    const env = { ...context, HOME: fixture.path('.') };
    expectSuccess(await dockerd.docker(['context', 'create', 'mine', '--docker', endpoint], { env }));
    expectSuccess(
      await bucketry({ ...context, DOCKER_CONTEXT: 'mine' }).run('pull', bucketPlace(`${repository}:docker`), 'docker-daemon:by/context:1'),
    );
    const id = expectSuccess(await dockerd.docker(['images', '--no-trunc', '--quiet', 'by/context:1'])).trim();
    expectSuccess(await bucketry().run('push', `docker-daemon:${id}`, bucketPlace('made/by-id:1.0')));
    expectSuccess(await bucketry().run('pull', bucketPlace('made/by-id:1.0'), 'docker-daemon:by/id:1'));
    expect(await runImage('by/id:1')).toBe(images.docker.output);
  });

  test('go over ssh, by `docker system dial-stdio` on the other side', async () => {
    const folder = fixture.path('programs');
    await mkdir(folder);
    // What a login on another machine would run; the words before it are for ssh.
    const script = '#!/bin/sh\nwhile [ "$1" != docker ]; do shift; done; shift\nexec docker --host "$THERE" "$@"\n';
    await writeFile(join(folder, 'ssh'), script, { mode: 0o755 });
    const environment = {
      PATH: `${folder}:${process.env['PATH']}`,
      THERE: `unix://${dockerd.socket}`,
      DOCKER_HOST: 'ssh://me@elsewhere:2222',
    };
    const { repository, images } = fixture.place;
    expectSuccess(await bucketry(environment).run('pull', bucketPlace(`${repository}:single`), 'docker-daemon:by/ssh:1'));
    expectSuccess(await bucketry(environment).run('push', 'docker-daemon:by/ssh:1', bucketPlace('made/by-ssh:1.0')));
    expect(await runImage('by/ssh:1')).toBe(images.single.output);
  });

  test('go through pipes, from `docker save` and to `docker load`', async () => {
    const { repository, images } = fixture.place;
    const docker = `docker --host unix://${dockerd.socket}`;
    const pipe = (line: string) => runCommand(['bash', '-o', 'pipefail', '-c', line], { cwd: fixture.path('.') });
    const bucketry = bucketryCommand([]).map(quoteWord).join(' ');
    expectSuccess(await pipe(`${bucketry} pull ${bucketPlace(`${repository}:docker`)} docker-archive:-:by/pipe:1 | ${docker} load`));
    expect(await runImage('by/pipe:1')).toBe(images.docker.output);
    expectSuccess(await pipe(`${docker} save by/pipe:1 | gzip | ${bucketry} push docker-archive:- ${bucketPlace('made/by-pipe:1.0')}`));
    expectSuccess(await pipe(`${bucketry} pull ${bucketPlace('made/by-pipe:1.0')} docker-archive:-:from/pipe:1 | ${docker} load`));
    expect(await runImage('from/pipe:1')).toBe(images.docker.output);
  });

  test('that the daemon does not have are named, and how to find what it has', async () => {
    const { code, stderr } = await bucketry().run('push', 'docker-daemon:no/such:1', bucketPlace('made/none:1'));
    expect(code).toBe(4);
    expect(stderr).toContain('Cannot find "no/such:1" in the Docker daemon');
  });

  test('without a daemon, a push says where it looked', async () => {
    const { code, stderr } = await bucketry({ DOCKER_HOST: 'unix:///nowhere.sock' }).run(
      'push',
      'docker-daemon:a',
      bucketPlace('made/none:1'),
    );
    expect(code).toBe(8);
    expect(stderr).toContain('Cannot reach the Docker daemon at "unix:///nowhere.sock": there is no such socket');
  });
});
