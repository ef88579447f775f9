import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { createLayoutTarget } from '../../src/transports/oci-layout.node.ts';
import { addBlob, addManifest, createGraph, describeBytes } from '../images/build-image.ts';
import { copyTo } from '../images/copy-back.ts';
import { folderTest as it } from '../images/folder-test.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../peers/temporary-folder.ts';
import { openCommandLine } from './command-line.ts';
import { writeIndexLayout } from './image-layouts.ts';

/** The JSON result of a run that succeeded. */
function parseResult({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): Record<string, unknown> {
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('images in a directory bucket', () => {
  it('take along what cosign tags of them, where --referrers is given', async ({ folder }) => {
    const digest = await writeIndexLayout(folder, 'image');
    const { run } = openCommandLine({ folder });
    const signature = `${digest.replace(':', '-')}.sig`;
    for (const tag of ['1.0', signature]) expect(await run('push', 'oci:image', `file:a//app:${tag}`)).toMatchObject({ code: 0 });
    expect(await run('push', 'file:a//app:1.0', 'file:b//app:1.0')).toMatchObject({ code: 0 });
    expect(await run('tags', 'file:b//app')).toMatchObject({ stdout: '1.0\n' });
    const { code, stderr } = await run('push', 'file:a//app:1.0', 'file:b//app:1.0', '--referrers');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("1 tag of cosign's copied, too.");
    expect(await run('tags', 'file:b//app')).toMatchObject({ stdout: `1.0\n${signature}\n` });
  });

  it('are pushed, listed, inspected, tagged, pulled and removed', async ({ folder }) => {
    const digest = await writeIndexLayout(folder, 'image');
    const { run } = openCommandLine({ folder });
    const pushed = await run('push', 'oci:image', 'file:b//team/app:1.0', '--digest-file', 'digest');
    expect(pushed.stdout).toContain(digest);
    expect(pushed.stdout).toContain('docker pull 127.0.0.1:5000/team/app:1.0');
    expect(await readFile(join(folder, 'digest'), 'utf8')).toBe(`${digest}\n`);
    expect(await run('ls', 'file:b')).toMatchObject({ code: 0, stdout: 'team/app\n' });
    expect((await run('inspect', 'file:b//team/app:1.0')).stdout).toMatch(/linux\/amd64[^]*linux\/arm64/);
    expect(await run('tag', 'file:b//team/app:1.0', 'latest')).toMatchObject({ code: 0 });
    expect(await run('tags', 'file:b//team/app')).toMatchObject({ code: 0, stdout: '1.0\nlatest\n' });
    expect(await run('pull', 'file:b//team/app:latest')).toMatchObject({ code: 0 });
    expect(parseResult(await run('inspect', 'oci:app:latest', '--json'))).toMatchObject({ digest });
    expect(await run('rm', 'file:b//team/app:1.0')).toMatchObject({ code: 0 });
    expect(await run('tags', 'file:b//team/app')).toMatchObject({ code: 0, stdout: 'latest\n' });
    expect(await run('pull', `file:b//team/app@${digest}`, 'oci-archive:app.tar')).toMatchObject({ code: 0 });
  });

  it('give their manifest byte for byte', async ({ folder }) => {
    const digest = await writeIndexLayout(folder, 'image');
    const { run } = openCommandLine({ folder });
    await run('push', 'oci:image', 'file:b//app:1');
    const { stdout } = await run('inspect', 'file:b//app:1', '--raw');
    expect(stdout).toBe(await readFile(join(folder, 'image', 'blobs', 'sha256', digest.slice(7)), 'utf8'));
  });

  it('go to one platform where a file takes one: the one asked for, else the one of this machine', async ({ folder }) => {
    await writeIndexLayout(folder, 'image');
    const { run } = openCommandLine({ folder });
    await run('push', 'oci:image', 'file:b//app:1');
    expect((await run('pull', 'file:b//app:1', 'docker-archive:own.tar')).code).toBe(0);
    expect((await run('pull', 'file:b//app:1', 'docker-archive:arm.tar', '--platform', 'linux/arm64')).code).toBe(0);
    expect((await run('inspect', 'docker-archive:arm.tar')).stdout).toContain('linux/arm64');
    const own = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';
    expect((await run('inspect', 'docker-archive:own.tar')).stdout).toContain(own);
    const refused = await run('pull', 'file:b//app:1', 'docker-archive:none.tar', '--platform', 'linux/s390x');
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('where: the source of the copy') });
    expect(existsSync(join(folder, 'none.tar'))).toBe(false);
  });

  it('are copied without their foreign layers, and this is said', async ({ folder }) => {
    const graph = createGraph();
    const config = addBlob(graph, mediaTypes.dockerConfig, JSON.stringify({ os: 'windows', architecture: 'amd64' }));
    const layer = describeBytes(mediaTypes.dockerForeignLayer, new Uint8Array(9));
    const layers = [{ ...layer, urls: ['https://example.com/layer'] }];
    await copyTo(
      createLayoutTarget({ path: join(folder, 'image') }),
      graph,
      addManifest(graph, mediaTypes.dockerManifest, { config, layers }),
    );
    const { code, stderr } = await openCommandLine({ folder }).run('push', 'oci:image', 'file:b//app:1');
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('1 foreign layer left out') });
  });

  it('lie in the embedded bucket where no other is named, or in the one of the environment', async ({ folder }) => {
    await writeIndexLayout(folder, 'image');
    const { run } = openCommandLine({ folder });
    expect((await run('push', 'oci:image', 'app:1')).code).toBe(0);
    expect(existsSync(join(folder, '.bucketry', 'bucket', 'v2', 'app'))).toBe(true);
    const elsewhere = openCommandLine({ folder, environment: { BUCKETRY_BUCKET: 'file:other' } });
    expect((await elsewhere.run('push', 'oci:image', 'app:2')).code).toBe(0);
    expect((await run('tags', 'app', '--bucket', 'file:other')).stdout).toBe('2\n');
    expect((await run('tags', 'app')).stdout).toBe('1\n');
  });

  it('are not removed from under an index, nor from under a tag, unless forced', async ({ folder }) => {
    const digest = await writeIndexLayout(folder, 'image');
    const { run } = openCommandLine({ folder });
    await run('push', 'oci:image', 'file:b//app:1');
    const { images } = parseResult(await run('inspect', 'file:b//app:1', '--json')) as { images: { digest: string }[] };
    const child = images[0]?.digest ?? '';
    expect(await run('rm', `file:b//app@${child}`)).toMatchObject({ code: 10, stderr: expect.stringContaining(digest) });
    expect(await run('rm', `file:b//app@${digest}`)).toMatchObject({ code: 10, stderr: expect.stringMatching(/"1"[^]*--force/) });
    expect((await run('inspect', 'file:b//app:1')).code).toBe(0);
    expect(parseResult(await run('rm', '--force', `file:b//app@${digest}`, '--json'))).toMatchObject({ tags: ['1'], digest });
    expect((await run('rm', `file:b//app@${child}`)).code).toBe(0);
    expect((await run('inspect', 'file:b//app:1')).code).toBe(4);
  });
});

describe('what is not there', () => {
  let home: TemporaryFolder;
  let folder = '';
  beforeAll(async () => {
    home = await createTemporaryFolder('cli');
    folder = home.path;
    await writeIndexLayout(folder, 'image');
    await openCommandLine({ folder }).run('push', 'oci:image', 'file:b//app:1');
  });
  afterAll(() => home.remove());

  it.for([
    [['pull', 'file:b//app:2'], 4, 'Its tags are 1'],
    [['pull', 'file:b//app'], 2, 'Its tags are 1'],
    [['pull', 'file:b//other:1'], 4, 'no repository'],
    [['tags', 'file:b//other'], 4, '"bucketry ls"'],
    [['tag', 'file:b//app:2', 'new'], 4, 'Its tags are 1'],
    [['rm', 'file:b//app:2'], 4, 'tag-missing'],
    [['rm', `file:b//app@sha256:${'0'.repeat(64)}`], 4, 'manifest-missing'],
    [['ls', 'file:nowhere'], 4, 'bucket-missing'],
    [['pull', 'file:nowhere//app:1'], 4, 'bucket-missing'],
    [['push', 'oci:nowhere', 'file:b//app:2'], 3, 'input-missing'],
    [['push', 'docker-archive:nowhere.tar', 'file:b//app:2'], 3, 'input-missing'],
    [['pull', 'file:b//app:1', 'oci:image/index.json'], 3, 'output-failed'],
  ] as const)('%j ends with %j and says what there is', async ([words, code, advice]) => {
    const ended = await openCommandLine({ folder }).run(...words);
    expect({ code: ended.code, stdout: ended.stdout }, ended.stderr).toEqual({ code, stdout: '' });
    expect(ended.stderr).toContain(advice);
    expect(existsSync(join(folder, 'nowhere'))).toBe(false);
  });
});

describe('output', () => {
  it('keeps results and progress apart, and says nothing but the result with --quiet', async ({ folder }) => {
    await writeIndexLayout(folder, 'image');
    const { run } = openCommandLine({ folder });
    const loud = await run('push', 'oci:image', 'file:b//app:1', '--json');
    expect(parseResult(loud)).toMatchObject({ target: 'file:b//app:1', blobsSent: 5 });
    expect(loud.stderr).toMatch(/^5 blobs to send.*\n(?:[0-9a-f]{12} sent, .*\n){5}$/);
    expect(loud.stderr).not.toContain('\u001b');
    const quiet = await run('--quiet', 'push', 'oci:image', 'file:b//app:2');
    expect(quiet).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Pushed file:b//app:2') });
  });

  it('has exactly the JSON members that are documented', async ({ folder }) => {
    await writeIndexLayout(folder, 'image');
    const { run } = openCommandLine({ folder });
    const lines: readonly (readonly string[])[] = [
      ['push', 'oci:image', 'file:b//app:1'],
      ['pull', 'file:b//app:1'],
      ['ls', 'file:b'],
      ['tags', 'file:b//app'],
      ['inspect', 'file:b//app:1'],
      ['tag', 'file:b//app:1', 'new'],
      ['rm', 'file:b//app:new'],
      ['init', 'file:b', '--public-url', 'https://images.example.com', '--catalog'],
      ['demo', '--client', 'bucketry'],
    ];
    for (const [name = '', ...words] of lines) {
      const members = Object.keys(parseResult(await run(name, ...words, '--json')));
      const documented = Object.keys((await commands[name]?.load())?.result ?? {});
      expect(members.length, name).toBeGreaterThan(1);
      expect(documented, name).toEqual(expect.arrayContaining(members));
    }
  });
});
