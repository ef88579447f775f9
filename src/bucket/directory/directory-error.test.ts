import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { BucketError } from '../../errors/bucket-error.ts';
import { errnoOf, toBucketError } from './directory-error.node.ts';

it.each([
  ['ENOSPC', 'storage-full'],
  ['EDQUOT', 'storage-full'],
  ['EROFS', 'storage-read-only'],
  ['EACCES', 'access-denied'],
  ['EPERM', 'access-denied'],
  ['ENAMETOOLONG', 'key-invalid'],
  ['EIO', 'store-unavailable'],
  ['EMFILE', 'store-unavailable'],
])('%s of the operating system is %s', (errno, code) => {
  const error = Object.assign(new Error(`${errno}: it went wrong`), { code: errno, syscall: 'open' });
  expect(toBucketError(error, 'write "a"', 'file:/b')).toMatchObject({
    code,
    message: `Cannot write "a" in "file:/b": ${errno}: it went wrong`,
    cause: error,
  });
});

it('what the operating system did not throw stays as it is', async () => {
  const ours = new BucketError('object-missing', 'missing');
  expect(toBucketError(ours, 'read', 'file:/b')).toBe(ours);
  const system: unknown = await readFile('/no/such/file').catch((error: unknown) => error);
  expect([errnoOf(system), errnoOf(ours), errnoOf('text')]).toEqual(['ENOENT', undefined, undefined]);
});
