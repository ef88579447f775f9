import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { openDirectoryBucket } from '../../src/bucket/directory/directory-bucket.node.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { openRepository } from '../../src/registry/repository.ts';
import { createBucketSource } from '../../src/transports/bucket-source.ts';
import { openCommandLine } from '../cli/command-line.ts';
import { addImage } from '../images/build-image.ts';
import { copyBack } from '../images/copy-back.ts';
import { folderTest } from '../images/folder-test.ts';
import { startMirrorWorld } from './mirror-world.ts';

folderTest(
  'a mirror that is killed half-way shows only whole images, and the next run ends it',
  { timeout: 60_000 },
  async ({ folder }) => {
    const world = await startMirrorWorld();
    onTestFinished(() => world.close());
    const images: Record<string, Descriptor> = {};
    const noise = (seed: number): string =>
      Array.from({ length: 30_000 }, (_, index) => ((index * seed * 2654435761) >>> 7).toString(36)).join('');
    for (let minor = 1; minor <= 12; minor += 1) images[`1.${minor}`] = await addImage(world.graph, 'linux/amd64', [noise(minor)]);
    world.offer(images);
    const { run, start } = openCommandLine({ folder });
    const words = ['mirror', `${world.registry.host}/team/app`, 'file:./bucket//app'];
    const command = await start(...words, '--concurrency', '2', '--limit-rate', '256KiB');
    const bucket = await openDirectoryBucket({ root: join(folder, 'bucket'), create: true });
    onTestFinished(() => bucket.close());
    const repository = openRepository(bucket, parseRepositoryName('app'));
    await vi.waitFor(async () => expect((await repository.tags.list()).length).toBeGreaterThan(0), { timeout: 40_000, interval: 20 });
    command.signal('SIGKILL');
    await command.ended;

    const visible = await repository.tags.list();
    expect(visible.length).toBeLessThan(12);
    const checkAll = async (): Promise<void> => {
      for (const tag of await repository.tags.list()) {
        const { root } = await copyBack(Promise.resolve(createBucketSource(repository, { reference: tag, location: tag })));
        expect(root.digest).toBe(images[tag]?.digest);
      }
    };
    await checkAll();
    const { code, stdout } = await run(...words);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining(`${visible.length} unchanged`) as unknown });
    expect(await repository.tags.list()).toHaveLength(12);
    await checkAll();
  },
);
