import { describe, expect } from 'vitest';
import { openDirectoryBucket } from '../../src/bucket/directory/directory-bucket.node.ts';
import { serveFetch } from '../../src/server/node-server.node.ts';
import { answerStatic } from '../../src/server/static-answerer.ts';
import { folderTest as it } from '../images/folder-test.ts';
import { startS3Server } from '../s3-server/server.ts';
import { openCommandLine } from './command-line.ts';
import { writeIndexLayout } from './image-layouts.ts';

/** A directory bucket with `app:1` in it, served as it is, or without `v2/`. */
async function serveBucket(folder: string, { lacksRoot = false } = {}): Promise<{ readonly url: string; close(): Promise<void> }> {
  await writeIndexLayout(folder, 'image');
  const { run } = openCommandLine({ folder });
  await run('init', 'file:b', '--catalog');
  await run('push', 'oci:image', 'file:b//app:1');
  const bucket = await openDirectoryBucket({ root: `${folder}/b` });
  const answer = (request: Request): Promise<Response> => answerStatic(bucket, request, { missing: 404 });
  const isRoot = ({ url }: Request): boolean => new URL(url).pathname === '/v2/';
  const server = await serveFetch(
    async (request) => (lacksRoot && isRoot(request) ? new Response(null, { status: 404 }) : answer(request)),
    {
      host: '127.0.0.1',
      port: 0,
    },
  );
  return {
    url: server.url,
    async close() {
      await server.close();
      await bucket.close();
    },
  };
}

describe('bucketry doctor', () => {
  it('finds an image by itself, and says that all clients can pull it', async ({ folder }) => {
    const server = await serveBucket(folder);
    try {
      const { run } = openCommandLine({ folder });
      const { code, stdout, stderr } = await run('doctor', server.url);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain(`Pulls of ${new URL(server.url).host}/app:1 (`);
      expect(stdout.match(/ {2}works/g)).toHaveLength(7);
      const named = await run('doctor', `${server.url}/app`);
      expect(withoutCounts(named.stdout)).toBe(withoutCounts(stdout).replace(server.url, `${server.url}/app`));
    } finally {
      await server.close();
    }
  });

  it('fails where a client cannot pull, unless only others are asked about', async ({ folder }) => {
    const server = await serveBucket(folder, { lacksRoot: true });
    try {
      const { run } = openCommandLine({ folder });
      const all = await run('doctor', `${server.url}/app:1`, '--json');
      expect(all.code).toBe(12);
      const { clients, findings } = JSON.parse(all.stdout) as {
        clients: { client: string; verdict: string }[];
        findings: { id: string; fails: string[]; fix: string }[];
      };
      const failed = clients.filter(({ verdict }) => verdict === 'fails').map(({ client }) => client);
      expect(failed).toEqual(['podman', 'crane']);
      expect(findings[0]).toMatchObject({ id: 'api-missing', fails: failed, fix: expect.stringContaining('bucketry init') as unknown });
      expect(JSON.parse(all.stderr)).toMatchObject({ error: { code: 'pull-impossible', exitCode: 12 } });
      expect((await run('doctor', `${server.url}/app:1`, '--for', 'skopeo,docker')).code).toBe(12);
      expect((await run('doctor', `${server.url}/app:1`, '--for', 'docker,kubernetes')).code).toBe(0);
    } finally {
      await server.close();
    }
  });

  it('looks at a bucket and at where clients pull from, and leaves nothing behind', async ({ folder }) => {
    const server = await serveBucket(folder);
    try {
      const { run } = openCommandLine({ folder });
      const nowhere = await run('doctor', 'file:b//app:1', '--json');
      expect(nowhere.code).toBe(12);
      expect(JSON.parse(nowhere.stdout)).toMatchObject({ store: { conditionalPut: 'atomic' }, findings: [{ id: 'no-public-address' }] });
      const missing = await run('doctor', 'file:b//none:1', '--public-url', server.url, '--read-only');
      expect(missing.stdout).toContain('bucketry push SOURCE file:b//none:TAG');
      await run('init', 'file:b', '--public-url', server.url);
      const recorded = await run('doctor', 'file:b//app:1', '--read-only', '--json');
      expect(recorded.code).toBe(0);
      expect(JSON.parse(recorded.stdout)).toMatchObject({ url: server.url, image: `${new URL(server.url).host}/app:1` });
      expect(JSON.parse(recorded.stdout)).not.toHaveProperty('store');
      expect((await run('ls', 'file:b')).stdout).toBe('app\n');
    } finally {
      await server.close();
    }
  });

  it('tells of settings of a store that endanger images', async ({ folder }) => {
    const server = await startS3Server({ buckets: ['images'] });
    const { accessKeyId, secretAccessKey } = server.credentials;
    const environment = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_ENDPOINT_URL_S3: server.endpoint };
    try {
      const { run } = openCommandLine({ folder, environment });
      const before = await run('doctor', 's3://images', '--json');
      expect(idsOf(before.stdout)).toEqual(expect.arrayContaining(['no-public-address', 'not-initialised', 'no-abort-rule']));
      expect(server.objects('images')).toEqual([]);
      await run('init', 's3://images', '--public', '--lift-public-access-block', '--abort-uploads');
      expect(idsOf((await run('doctor', 's3://images', '--json')).stdout)).toEqual(['no-public-address']);
    } finally {
      await server.close();
    }
  });

  it('refuses what it does not know, and says what is near', async ({ folder }) => {
    const { run } = openCommandLine({ folder });
    expect(await run('doctor', 'http://127.0.0.1:1/app:1', '--for', 'podmn')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean "podman"?') as unknown,
    });
    expect((await run('doctor', 'docker://alpine')).code).toBe(2);
    const unreachable = await run('doctor', 'http://127.0.0.1:1/app:1');
    expect(unreachable).toMatchObject({ code: 12, stdout: expect.stringContaining('unreachable: The host cannot be reached') as unknown });
  });
});

/** Who names a repository saves the request for the catalog. */
function withoutCounts(text: string): string {
  return text.replace(/\d+ requests/, 'requests');
}

function idsOf(stdout: string): readonly string[] {
  return (JSON.parse(stdout) as { findings: { id: string }[] }).findings.map(({ id }) => id);
}
