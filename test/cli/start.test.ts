import { chmod, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { startS3Server, type S3TestServer } from '../s3-server/server.ts';
import { type BuiltProgram, buildProgram, type Loaded } from './built-program.ts';
import { writeIndexLayout } from './image-layouts.ts';

/** What costs much to load, and is needed by no command that has not got far: each name with all that is named below it. */
const costly = [
  'child_process',
  'http2',
  'internal/deps/undici',
  'internal/webstreams',
  'perf_hooks',
  'readline',
  'repl',
  'worker_threads',
  'zlib',
];
/** What is needed for a request, and for nothing before one. */
const forRequests = ['crypto', 'http', 'https', 'tls'];

let folder: string;
let program: BuiltProgram;
let server: S3TestServer;
let keys: Readonly<Record<string, string>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bucketry-start-'));
  program = await buildProgram(folder);
  server = await startS3Server({ buckets: ['bucket'] });
  const { accessKeyId, secretAccessKey } = server.credentials;
  keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_ENDPOINT_URL_S3: server.endpoint };
  await writeIndexLayout(folder, 'image');
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

function findCostly({ builtins }: Loaded, names: readonly string[]): readonly string[] {
  return builtins.filter((builtin) => names.some((name) => builtin === name || builtin.startsWith(`${name}/`)));
}

describe('the built program', () => {
  it.each(['--version', '--help'])('loads two files and nothing costly for %s', async (word) => {
    const { code, loaded } = await program.runListed([word]);
    expect(code).toBe(0);
    expect(loaded.files).toEqual(['bin/bucketry.js', 'dist/program/main.js']);
    expect(findCostly(loaded, [...costly, ...forRequests])).toEqual([]);
    expect(loaded.builtins.length).toBeLessThan(40);
  });

  it('loads few files and nothing costly for a push, until a store refuses its first request', async () => {
    const wrong = { ...keys, AWS_SECRET_ACCESS_KEY: 'x'.repeat(40) };
    const { code, stderr, loaded } = await program.runListed(['push', 'oci:image', 's3://bucket/app:1'], wrong);
    expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining('403') });
    expect(loaded.files.length).toBeLessThanOrEqual(12);
    expect(findCostly(loaded, costly)).toEqual([]);
    expect(loaded.builtins.length).toBeLessThan(85);
  });

  it('asks for no request what only requests need', async () => {
    const { loaded } = await program.runListed(['push', '--help']);
    expect(findCostly(loaded, [...costly, ...forRequests])).toEqual([]);
  });

  it.each(Object.keys(commands))('has the command %s', async (name) => {
    const { code, stdout } = await program.run([name, '--help']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(`Usage: bucketry ${name}`) });
  });

  it('pushes, and pulls what it pushed', async () => {
    const pushed = await program.run(['push', 'oci:image', 's3://bucket/app:1'], keys);
    expect(pushed).toMatchObject({ code: 0, stdout: expect.stringContaining('Pushed s3://bucket/app:1') });
    for (const target of ['oci:copy', 'oci-archive:copy.tar']) {
      expect(await program.run(['pull', 's3://bucket/app:1', target], keys)).toMatchObject({ code: 0 });
    }
    expect(await program.run(['push', 'oci-archive:copy.tar', 'file:./bucket//app:1'])).toMatchObject({ code: 0 });
  });
});

describe('what Node compiled of the program', () => {
  const listKept = (home: string): Promise<readonly string[]> => readdir(join(home, '.cache', 'bucketry')).catch(() => []);
  const makeHome = (): Promise<string> => mkdtemp(join(folder, 'home-'));

  it('is kept in the folder of caches, in the home or where XDG_CACHE_HOME says', async () => {
    const home = await makeHome();
    await program.run(['--version'], { HOME: home });
    expect(await listKept(home)).toHaveLength(1);
    const caches = await makeHome();
    await program.run(['--version'], { HOME: await makeHome(), XDG_CACHE_HOME: caches });
    expect(await readdir(caches)).toEqual(['bucketry']);
  });

  it.each(['.', '.cache', '.cache/bucketry'])('is not kept where others could write "%s"', async (open) => {
    const home = await makeHome();
    await mkdir(join(home, '.cache', 'bucketry'), { recursive: true });
    await chmod(join(home, open), 0o777);
    expect(await program.run(['--version'], { HOME: home })).toMatchObject({ code: 0, stderr: '' });
    expect(await listKept(home)).toEqual([]);
  });

  it('lies in a folder that is its owner’s alone', async () => {
    const home = await makeHome();
    await program.run(['--version'], { HOME: home });
    expect((await stat(join(home, '.cache', 'bucketry'))).mode & 0o777).toBe(0o700);
  });

  it('is not kept where there is no home', async () => {
    const home = join(await makeHome(), 'none');
    expect(await program.run(['--version'], { HOME: home })).toMatchObject({ code: 0, stderr: '' });
    expect(await listKept(home)).toEqual([]);
  });

  it('is not kept where Node was told not to', async () => {
    const home = await makeHome();
    await program.run(['--version'], { HOME: home, NODE_DISABLE_COMPILE_CACHE: '1' });
    expect(await listKept(home)).toEqual([]);
  });
});
