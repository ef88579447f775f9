import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { formatCaddyfile, formatNginxConfig } from '../../src/bucket/directory/file-server-config.ts';
import { publicSite } from '../../src/layout/public-site.ts';
import { folderTest as it } from '../images/folder-test.ts';
import { startS3Server } from '../s3-server/server.ts';
import { openCommandLine } from './command-line.ts';
import { writeIndexLayout } from './image-layouts.ts';

describe('bucketry init', () => {
  it('prints a configuration that file servers take as it is, and nothing else on standard output', async ({ folder }) => {
    const commandLine = openCommandLine({ folder });
    for (const [server, format] of [
      ['nginx', formatNginxConfig],
      ['caddy', formatCaddyfile],
    ] as const) {
      const { code, stdout } = await commandLine.run('init', 'file:bucket', '--edge', server, '--listen', '127.0.0.1:8080');
      expect(code).toBe(0);
      expect(stdout.trimEnd()).toBe(format({ root: join(folder, 'bucket'), listen: '127.0.0.1:8080', site: publicSite }).trimEnd());
    }
  });

  it('refuses to configure a file server for a store', async ({ folder }) => {
    const { code, stdout, stderr } = await openCommandLine({ folder }).run('init', 's3://bucket', '--edge', 'nginx');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('wanted a directory, such as file:./bucket');
  });

  it('makes a bucket only where it is told to, and takes one that is there', async ({ folder }) => {
    const server = await startS3Server();
    const { accessKeyId, secretAccessKey } = server.credentials;
    const environment = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_ENDPOINT_URL_S3: server.endpoint };
    try {
      const commandLine = openCommandLine({ folder, environment });
      expect(await commandLine.run('init', 's3://new-bucket')).toMatchObject({
        code: 4,
        stderr: expect.stringMatching(/bucket-missing\n.*"bucketry init BUCKET --create"/) as unknown,
      });
      for (let round = 0; round < 2; round += 1) {
        expect(await commandLine.run('init', 's3://new-bucket', '--create')).toMatchObject({ code: 0 });
      }
      expect(server.objects('new-bucket').map(({ key }) => key)).toEqual(['_bucketry/format', 'v2/']);
    } finally {
      await server.close();
    }
  });

  it('keeps a catalog until it is told to keep none, and then removes it for good', async ({ folder }) => {
    await writeIndexLayout(folder, 'image');
    const { run } = openCommandLine({ folder });
    const catalog = join(folder, 'b', 'v2', '_catalog');
    expect((await run('init', 'file:b', '--catalog')).code).toBe(0);
    await run('push', 'oci:image', 'file:b//app:1');
    expect((await run('init', 'file:b')).code).toBe(0);
    expect(JSON.parse(await readFile(catalog, 'utf8'))).toEqual({ repositories: ['app'] });
    for (let round = 0; round < 2; round += 1) {
      const { stdout } = await run('init', 'file:b', '--no-catalog', '--json');
      expect(JSON.parse(stdout)).toMatchObject({ catalog: false });
    }
    await run('push', 'oci:image', 'file:b//other:1');
    expect(existsSync(catalog)).toBe(false);
    expect(JSON.parse(await readFile(join(folder, 'b', '_bucketry', 'format'), 'utf8'))).not.toHaveProperty('catalog');
    expect(await run('init', 'file:b', '--catalog', '--no-catalog')).toMatchObject({ code: 2, stdout: '' });
  });
});
