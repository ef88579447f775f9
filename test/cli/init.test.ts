import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { formatCaddyfile, formatNginxConfig } from '../../src/bucket/directory/file-server-config.ts';
import { publicSite } from '../../src/layout/public-site.ts';
import { folderTest as it } from '../images/folder-test.ts';
import { startS3Server } from '../s3-server/server.ts';
import { openCommandLine } from './command-line.ts';

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
        stderr: expect.stringContaining('bucket-missing') as unknown,
      });
      for (let round = 0; round < 2; round += 1) {
        expect(await commandLine.run('init', 's3://new-bucket', '--create')).toMatchObject({ code: 0 });
      }
      expect(server.objects('new-bucket').map(({ key }) => key)).toEqual(['_bucketry/format', 'v2/']);
    } finally {
      await server.close();
    }
  });
});
