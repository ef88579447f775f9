import { join } from 'node:path';
import { expect } from 'vitest';
import { openDirectoryBucket } from '../../src/bucket/directory/directory-bucket.node.ts';
import { runWords } from '../faults/command-line.ts';
import { folderTest as it } from '../images/folder-test.ts';
import { startS3Server } from '../s3-server/server.ts';
import { openCommandLine } from './command-line.ts';
import { checkCleaning } from './leftovers.ts';
import { openTestBucket } from './open-test-bucket.ts';

it('uploads and staged objects that pushes left are removed from a directory', async ({ folder }) => {
  const bucket = await openDirectoryBucket({ root: join(folder, 'bucket'), create: true });
  await checkCleaning({ bucket, place: 'file:bucket', commandLine: openCommandLine({ folder }) }, true);
  await bucket.close();
});

it.for([
  ['aws', true],
  ['r2', true],
  ['exact-upload-keys', false],
] as const)('and from a store of the kind %s', async ([personality, tellsAll], { folder }) => {
  const server = await startS3Server({ personality, buckets: ['bucket'] });
  const { bucket, environment } = openTestBucket({ ...server, ...server.credentials });
  try {
    await checkCleaning({ bucket, place: 's3://bucket', commandLine: openCommandLine({ folder, environment }) }, tellsAll);
  } finally {
    await bucket.close();
    await server.close();
  }
});

it('says for people what it removed, and what stays', async ({ folder }) => {
  const { run } = openCommandLine({ folder });
  const bucket = await openDirectoryBucket({ root: join(folder, 'bucket'), create: true });
  await bucket.multipart!.create('v2/a/blobs/sha256:'.padEnd(82, 'b') as Parameters<typeof bucket.head>[0], { size: 9, partSize: 9 });
  await bucket.close();
  expect((await run('rm', '--uploads', 'file:bucket')).stdout).toBe(
    'Removed 0 unfinished uploads and 0 staged objects; 1 younger than 24 h 00 min kept\n',
  );
  expect((await run('rm', '--uploads', '--bucket', 'file:bucket', '--older-than', '0s')).stdout).toMatch(
    /^Removed the upload of v2\/a\/blobs\/sha256:b+, begun 2\d{3}-\S+Z\nRemoved 1 unfinished upload and 0 staged objects\n$/,
  );
});

it.for([
  [['rm'], 2],
  [['rm', 'file:bucket//a:1', '--dry-run'], 2],
  [['rm', 'file:bucket//a:1', '--older-than', '1h'], 2],
  [['rm', '--uploads', 'file:bucket//a:1'], 2],
  [['rm', '--uploads', 'file:bucket', '--force'], 2],
  [['rm', '--uploads', 'file:bucket', '--older-than', 'long'], 2],
] as const)('refuses %j', async ([words, exitCode], { folder }) => {
  expect(await runWords(words, { HOME: folder })).toMatchObject({ exitCode, stderr: expect.stringContaining('Cannot') });
});
