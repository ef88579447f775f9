import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { folderTest as test } from '../../test/images/folder-test.ts';
import { toObjectKey } from '../bucket/object-key.ts';
import { openUploadJournal } from './open-upload-journal.node.ts';

const s3 = { kind: 's3', bucket: 'images' } as const;
const upload = { key: toObjectKey('v2/app/blobs/x'), uploadId: 'one' };

test('the journal lies in the folder for state, or in the home', async ({ folder }) => {
  const [state, home] = [join(folder, 'state'), join(folder, 'home')];
  await (await openUploadJournal(s3, 's3://images', { XDG_STATE_HOME: state, HOME: home }))?.open(upload);
  expect(await readdir(join(state, 'bucketry', 'uploads'))).toHaveLength(1);
  expect(existsSync(home)).toBe(false);
  // The specification wants relative paths to be ignored
  await (await openUploadJournal(s3, 's3://images', { XDG_STATE_HOME: 'state', HOME: home }))?.open(upload);
  expect(await readdir(join(home, '.local', 'state', 'bucketry', 'uploads'))).toHaveLength(1);
});

test('there is none for a directory, nor for a user without a home', async ({ folder }) => {
  expect(await openUploadJournal({ kind: 'file', path: 'bucket' }, 'file:bucket', { HOME: folder })).toBeUndefined();
  expect(await openUploadJournal(s3, 's3://images', {})).toBeUndefined();
});
