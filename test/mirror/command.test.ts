import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished } from 'vitest';
import type { MirrorReport } from '../../src/mirror/mirror-report.ts';
import { openCommandLine, type CommandLine } from '../cli/command-line.ts';
import { addImage } from '../images/build-image.ts';
import { folderTest } from '../images/folder-test.ts';
import { type MirrorWorld, startMirrorWorld } from './mirror-world.ts';

let world: MirrorWorld;
beforeEach(async () => {
  world = await startMirrorWorld({ login: { kind: 'none' } });
  world.offer({ '1.0': await addImage(world.graph, 'linux/amd64', ['one']), '2.0': await addImage(world.graph, 'linux/amd64', ['two']) });
});
afterEach(() => world.close());

const open = (folder: string): CommandLine => openCommandLine({ folder, environment: { NODE_COMPILE_CACHE: join(folder, 'cache') } });
const source = (): string => `${world.registry.host}/team/app`;

describe('bucketry mirror', () => {
  folderTest('mirrors a repository into a bucket under its own name, and says so', async ({ folder }) => {
    const { run } = open(folder);
    expect(await run('mirror', source(), 'file:./bucket')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('2 copied') as unknown,
    });
    expect(await run('tags', 'file:./bucket//team/app')).toMatchObject({ stdout: '1.0\n2.0\n' });
    expect(await run('mirror', source(), 'file:./bucket//team/app')).toMatchObject({ stdout: 'Mirrored 1 repository: 2 unchanged\n' });
  });

  folderTest('mirrors one tag where FROM has one', async ({ folder }) => {
    const { run } = open(folder);
    await run('mirror', `${source()}:2.0`, 'file:./bucket//app');
    expect(await run('tags', 'file:./bucket//app')).toMatchObject({ stdout: '2.0\n' });
  });

  folderTest('ends with 11 when an image fails, with the report written and the others there', async ({ folder }) => {
    const { run } = open(folder);
    const [digest = ''] = world.registry.blobs.keys();
    world.registry.blobs.set(digest, Buffer.from('damaged'));
    const { code, stdout, stderr } = await run('mirror', source(), 'file:./bucket//app', '--json', '--report', 'report.json');
    expect(code).toBe(11);
    const report = JSON.parse(stdout) as MirrorReport;
    expect(report.totals).toMatchObject({ copied: 1, failed: 1 });
    expect(JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))).toEqual(report);
    expect(stderr).toContain('"code":"mirror-incomplete"');
    expect(await run('tags', 'file:./bucket//app')).toMatchObject({ stdout: expect.stringMatching(/^[12]\.0\n$/) as unknown });
  });

  folderTest('ends with 8 when images are postponed for a rate limit', async ({ folder }) => {
    const limited = await startMirrorWorld({ manifestHeaders: { 'ratelimit-limit': '100;w=60', 'ratelimit-remaining': '3;w=60' } });
    onTestFinished(() => limited.close());
    limited.offer({ latest: await addImage(limited.graph, 'linux/amd64') });
    const { run } = open(folder);
    const words = ['mirror', `${limited.registry.host}/team/app`, 'file:./bucket//app'];
    expect(await run(...words, '--rate-limit-floor', '5')).toMatchObject({
      code: 8,
      stdout: expect.stringContaining('1 postponed') as unknown,
    });
    expect(await run(...words, '--rate-limit-floor', '2')).toMatchObject({ code: 0 });
  });

  folderTest('mirrors what a file says, share by share', async ({ folder }) => {
    const { run } = open(folder);
    const targets = ['a', 'b', 'c', 'd', 'e'].map((name) => `mirrors/${name}`);
    const items = targets.map((to) => `  - { from: '${source()}', to: ${to} }\n`);
    await writeFile(join(folder, 'mirror.yaml'), `bucket: file:./bucket\ndefaults: { tags: '1.*' }\nrepositories:\n${items.join('')}`);
    const done: string[] = [];
    for (const shard of ['1/2', '2/2']) {
      const { code, stdout } = await run('mirror', '--file', 'mirror.yaml', '--shard', shard, '--json');
      expect(code).toBe(0);
      const { repositories } = JSON.parse(stdout) as MirrorReport;
      done.push(...repositories.map(({ target }) => target.slice(target.indexOf('//mirrors/') + 2)));
    }
    expect(done.toSorted()).toEqual(targets);
    expect((await run('ls', 'file:./bucket')).stdout).toBe(`${targets.join('\n')}\n`);
  });

  folderTest('says what is wrong before it does anything', async ({ folder }) => {
    const { run } = open(folder);
    await writeFile(join(folder, 'mirror.yaml'), 'repositories:\n  - from: alpine\n    tag: 3\n');
    expect(await run('mirror', '--file', 'mirror.yaml')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('"mirror.yaml": line 3: "tag": wanted the keys') as unknown,
    });
    for (const [words, why] of [
      [[], 'FROM or --file is missing'],
      [['--file', 'mirror.yaml', '--tags', '1.*'], '--tags with --file'],
      [['--file', 'mirror.yaml', '--max-prune', '5'], '--max-prune with --file'],
      [['--file', 'mirror.yaml', 'alpine'], 'with --file'],
      [['alpine:3', '--latest', '1'], 'one tag already'],
      [['alpine', 'app:1.0'], 'without tag and digest'],
      [['alpine', '--shard', '3/2'], 'wanted I/N'],
      [['alpine', '--prune', '--max-prune', 'all'], 'wanted a number'],
    ] as const) {
      expect(await run('mirror', ...words)).toMatchObject({ code: 2, stderr: expect.stringContaining(why) as unknown });
    }
    expect(world.asked()).toEqual([]);
  });
});
