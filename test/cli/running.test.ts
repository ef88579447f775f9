import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect } from 'vitest';
import { bucketryCommand } from '../interop/bucketry.ts';
import { runCommand } from '../peers/run-command.ts';
import { folderTest as it } from '../images/folder-test.ts';
import { startS3Server } from '../s3-server/server.ts';
import { openCommandLine } from './command-line.ts';
import { writeIndexLayout, writeLargeLayout } from './image-layouts.ts';

const MIB = 2 ** 20;

/** A store that is slow enough to be interrupted, and a command line that knows its keys. */
async function openSlowStore(folder: string) {
  const server = await startS3Server({ buckets: ['bucket'], bytesPerSecond: MIB });
  const { accessKeyId, secretAccessKey } = server.credentials;
  const environment = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_ENDPOINT_URL_S3: server.endpoint };
  const hasTag = (): boolean => server.objects('bucket').some(({ key }) => key.endsWith('manifests/1'));
  return { server, hasTag, commandLine: openCommandLine({ folder, environment }) };
}

describe('a push that is stopped', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`ends soon after ${signal}, leaves what was sent, and says how to go on`, async ({ folder }) => {
      await writeLargeLayout(folder, 'image', 12 * MIB);
      const { server, hasTag, commandLine } = await openSlowStore(folder);
      try {
        const push = await commandLine.start('push', 'oci:image', 's3://bucket/app:1');
        await push.said(/to send/);
        await expect.poll(() => server.uploads('bucket').length, { timeout: 10_000 }).toBe(1);
        const stoppedAtMs = performance.now();
        push.signal(signal);
        const { code, stdout, stderr } = await push.ended;
        expect(performance.now() - stoppedAtMs).toBeLessThan(5000);
        expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
        expect(stderr).toContain(`Stopped by ${signal}`);
        expect(stderr).toContain('bucketry push oci:image s3://bucket/app:1');
        expect(server.uploads('bucket')).toHaveLength(1);
        expect(hasTag()).toBe(false);
      } finally {
        await server.close();
      }
    });
  }

  it('discards the uploads that it began where it was told to', async ({ folder }) => {
    await writeLargeLayout(folder, 'image', 12 * MIB);
    const { server, hasTag, commandLine } = await openSlowStore(folder);
    try {
      const push = await commandLine.start('push', 'oci:image', 's3://bucket/app:1', '--abort');
      await push.said(/to send/);
      await expect.poll(() => server.uploads('bucket').length, { timeout: 10_000 }).toBe(1);
      push.signal('SIGINT');
      const { code, stderr } = await push.ended;
      expect({ code, uploads: server.uploads('bucket'), hasTag: hasTag() }).toEqual({ code: 130, uploads: [], hasTag: false });
      expect(stderr).toContain('discarded');
    } finally {
      await server.close();
    }
  });

  it('goes on in the same upload when it is run again', async ({ folder }) => {
    await writeLargeLayout(folder, 'image', 12 * MIB);
    const { server, hasTag, commandLine } = await openSlowStore(folder);
    try {
      const push = await commandLine.start('push', 'oci:image', 's3://bucket/app:1');
      await expect.poll(() => server.uploads('bucket')[0]?.partNumbers.length ?? 0, { timeout: 20_000 }).toBeGreaterThan(0);
      push.signal('SIGINT');
      await push.ended;
      const uploadIds = server.uploads('bucket').map(({ uploadId }) => uploadId);
      expect(uploadIds).toHaveLength(1);
      server.requests.length = 0;
      const again = await commandLine.run('push', 'oci:image', 's3://bucket/app:1');
      expect(again).toMatchObject({ code: 0, stderr: expect.stringMatching(/sent, 12\.0 MiB, of which \d+\.\d MiB were there already/) });
      // One may have been begun beside the search for this one; it is given up, and no part goes there
      const sentTo = server.requests.filter(({ operation }) => operation === 'UploadPart' || operation === 'CompleteMultipartUpload');
      expect([...new Set(sentTo.map(({ query }) => query['uploadId']))]).toEqual(uploadIds);
      expect({ hasTag: hasTag(), uploads: server.uploads('bucket') }).toEqual({ hasTag: true, uploads: [] });
    } finally {
      await server.close();
    }
  });
});

describe('a store that cannot be reached', () => {
  it('ends with 8, and no secret is told, with --debug neither', async ({ folder }) => {
    const environment = {
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY',
      AWS_SESSION_TOKEN: 'a-session-token-that-is-secret',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
    };
    const { code, stdout, stderr } = await openCommandLine({ folder, environment }).run('ls', 's3://bucket', '--debug');
    expect({ code, stdout }).toEqual({ code: 8, stdout: '' });
    expect(stderr).toContain('connection-failed');
    for (const secret of [environment.AWS_SECRET_ACCESS_KEY, environment.AWS_SESSION_TOKEN]) expect(stderr).not.toContain(secret);
  });

  it('is told from one that refuses the keys', async ({ folder }) => {
    const server = await startS3Server({ buckets: ['bucket'] });
    try {
      const environment = {
        AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: 'wrong',
        AWS_ENDPOINT_URL_S3: server.endpoint,
      };
      const { run } = openCommandLine({ folder, environment });
      expect(await run('ls', 's3://bucket')).toMatchObject({ code: 5, stderr: expect.stringContaining('credentials-invalid') });
      expect(await run('ls', 's3://other')).toMatchObject({ code: 5 });
    } finally {
      await server.close();
    }
  });
});

describe('serve --static', () => {
  it('serves what a client asks for, logs it in words, and ends with 0 when it is stopped', async ({ folder }) => {
    const digest = await writeIndexLayout(folder, 'image');
    const commandLine = openCommandLine({ folder });
    await commandLine.run('push', 'oci:image', 'file:b//team/app:1.0');
    const serve = await commandLine.start('serve', 'file:b', '--static', '--listen', '127.0.0.1:0');
    const [, url = ''] = await serve.said(/at (http:\/\/127\.0\.0\.1:\d+)\./);
    const answer = await fetch(`${url}/v2/team/app/manifests/1.0?ns=docker.io`, { method: 'HEAD' });
    expect([answer.status, answer.headers.get('x-amz-meta-docker-content-digest')]).toEqual([200, digest]);
    expect((await fetch(`${url}/_bucketry/format`)).status).toBe(404);
    expect((await commandLine.run('pull', `${url}/team/app:1.0`, 'oci:pulled')).code).toBe(0);
    expect((await commandLine.run('tags', `${url}/team/app`)).stdout).toBe('1.0\n');
    serve.signal('SIGINT');
    const { code, stdout, stderr } = await serve.ended;
    expect(code).toBe(0);
    expect(stdout).toContain('present, and what its type is\nHEAD /v2/team/app/manifests/1.0 200\n');
    expect(stdout).toContain('\nGET /_bucketry/format 404\n');
    expect(stderr).toContain('can read all images of 1 repository (team/app)');
  });

  it('writes its log as JSON where that was asked for, and answers 403 for what is missing where told to', async ({ folder }) => {
    await writeIndexLayout(folder, 'image');
    const commandLine = openCommandLine({ folder });
    await commandLine.run('push', 'oci:image', 'file:b//app:1');
    const serve = await commandLine.start('serve', 'file:b', '--static', '--listen', '127.0.0.1:0', '--missing', '403', '--json');
    const [, url = ''] = await serve.said(/at (http:\/\/127\.0\.0\.1:\d+)\./);
    await fetch(`${url}/v2/app/manifests/2`);
    serve.signal('SIGTERM');
    const { stdout } = await serve.ended;
    expect(JSON.parse(stdout)).toMatchObject({ method: 'GET', path: '/v2/app/manifests/2', status: 403 });
  });

  it('says so when it cannot listen there', async ({ folder }) => {
    const commandLine = openCommandLine({ folder });
    await commandLine.run('init', 'file:b');
    const serve = await commandLine.start('serve', 'file:b', '--static', '--listen', '127.0.0.1:0');
    const [, port = ''] = await serve.said(/at http:\/\/127\.0\.0\.1:(\d+)\./);
    expect(await commandLine.run('serve', 'file:b', '--static', '--listen', port)).toMatchObject({ code: 2, stdout: '' });
    serve.signal('SIGINT');
    expect((await serve.ended).code).toBe(0);
  });
});

describe('init', () => {
  it('records what the store does, leaves no trace of looking, and lifts the public access block only when asked', async ({ folder }) => {
    const server = await startS3Server({ buckets: ['bucket'], blocksPublicAccess: true });
    try {
      const { accessKeyId, secretAccessKey } = server.credentials;
      const environment = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_ENDPOINT_URL_S3: server.endpoint };
      const { run } = openCommandLine({ folder, environment });
      const refused = await run('init', 's3://bucket', '--public');
      expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('--lift-public-access-block') });
      expect((await run('init', 's3://bucket')).stdout).toContain('"DaysAfterInitiation": 7');
      const done = await run('init', 's3://bucket', '--public', '--lift-public-access-block', '--abort-uploads');
      expect(done, done.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('hold: of racing writers one wins') });
      expect(
        server
          .objects('bucket')
          .map(({ key }) => key)
          .sort(),
      ).toEqual(['_bucketry/format', 'v2/']);
      expect(server.uploads('bucket')).toEqual([]);
      expect((await fetch(`${server.endpoint}/bucket/v2/`)).status).toBe(200);
      expect((await fetch(`${server.endpoint}/bucket/_bucketry/format`)).status).toBe(403);
    } finally {
      await server.close();
    }
  });

  it('makes the public URL part of the line that a push prints', async ({ folder }) => {
    await writeIndexLayout(folder, 'image');
    const { run } = openCommandLine({ folder });
    expect((await run('init', 'file:b', '--public-url', 'https://images.example.com/')).code).toBe(0);
    expect((await run('init', 'file:b')).stdout).toContain('public at https://images.example.com');
    expect((await run('push', 'oci:image', 'file:b//team/app:1')).stdout).toContain('\n  docker pull images.example.com/team/app:1\n');
  });
});

describe('demo', () => {
  it('lets the cow speak from a bucket, by our own client', async ({ folder }) => {
    const { code, stdout, stderr } = await openCommandLine({ folder, environment: { TMPDIR: folder } }).run('demo', '--client', 'bucketry');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('( Pulled straight from a bucket. )');
    expect(stdout).toMatch(/# .*\n +GET \/v2\/demo\/cow\/manifests\/latest 200\n/);
    expect(stdout).toMatch(/\$ bucketry pull http:\/\/127\.0\.0\.1:\d+\/demo\/cow:latest oci:\.\/cow\n/);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThan(100);
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves nothing behind where nobody reads what it says', async ({ folder }) => {
    const [program, ...args] = bucketryCommand(['demo', '--client', 'bucketry']);
    await runCommand(['bash', '-c', '"$0" "$@" | true', program, ...args], { cwd: folder, env: { ...process.env, TMPDIR: folder } });
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses a client that was asked for by name and is not there, rather than take another', async ({ folder }) => {
    const { run } = openCommandLine({ folder, environment: { TMPDIR: folder, PATH: dirname(process.execPath) } });
    const { code, stdout, stderr } = await run('demo', '--client', 'podman');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Cannot run the demo with podman');
  });
});

it('goes on with a push of which nobody reads the progress', async ({ folder }) => {
  await writeIndexLayout(folder, 'image');
  const [program, ...args] = bucketryCommand(['push', 'oci:image', 'file:bucket//app:1']);
  const { stdout } = await runCommand(['bash', '-c', '"$0" "$@" 2> >(exec 0<&-)', program, ...args], { cwd: folder });
  expect(stdout).toContain('Pushed file:bucket//app:1');
});
