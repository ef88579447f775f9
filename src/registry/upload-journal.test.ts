import { execFileSync } from 'node:child_process';
import { chmod, link, mkdir, readdir, readFile, rename, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { folderTest as test } from '../../test/images/folder-test.ts';
import { toObjectKey } from '../bucket/object-key.ts';
import { systemClock } from '../streams/clock.ts';
import { maxJournalBytes } from './journal-lines.ts';
import type { UploadJournal } from './upload-journal.ts';
import { openJournalFolder } from './upload-journal.node.ts';

const upload = { key: toObjectKey('v2/app/blobs/x'), uploadId: 'one' };
const first = { partNumber: 1, etag: '"first"' };
const second = { partNumber: 2, etag: '"second"' };
const digest = (digit: string): string => digit.repeat(64);
const openAt = (folder: string, location = 's3://images'): UploadJournal =>
  openJournalFolder({ folder: join(folder, 'state', 'uploads'), location, clock: systemClock });

/** Notes of a process that has ended. @returns the path of the file */
async function leaveNotes(folder: string): Promise<string> {
  const notes = await openAt(folder).open(upload);
  await notes.note(first, digest('a'));
  await notes.note(second, digest('b'));
  const [name = ''] = await readdir(join(folder, 'state', 'uploads'));
  return join(folder, 'state', 'uploads', name);
}

const read = async (journal: UploadJournal): Promise<(string | undefined)[]> => {
  const notes = await journal.open(upload);
  return [first, second].map((part) => notes.sha256Of(part));
};

test('what one process noted, another of the same machine knows: for this upload of this bucket and this ETag only', async ({ folder }) => {
  const path = await leaveNotes(folder);
  expect(await read(openAt(folder))).toEqual([digest('a'), digest('b')]);
  expect(await read(openAt(folder, 's3://others'))).toEqual([undefined, undefined]);
  expect((await openAt(folder).open({ ...upload, uploadId: 'two' })).sha256Of(first)).toBeUndefined();
  expect((await openAt(folder).open(upload)).sha256Of({ ...first, etag: '"other"' })).toBeUndefined();
  expect([(await stat(path)).mode & 0o777, (await stat(join(path, '..'))).mode & 0o777]).toEqual([0o600, 0o700]);
});

test('it tells the keys of its bucket, until they are forgotten', async ({ folder }) => {
  await leaveNotes(folder);
  await openAt(folder, 's3://others').open({ ...upload, key: toObjectKey('v2/other') });
  expect(await openAt(folder).listKeys()).toEqual([upload.key]);
  await openAt(folder).forget(upload);
  expect(await openAt(folder).listKeys()).toEqual([]);
  expect(await read(openAt(folder))).toEqual([undefined, undefined]);
});

test('an upload that is forgotten while it is still being opened leaves nothing', async ({ folder }) => {
  const journal = openAt(folder);
  await Promise.all([journal.open(upload), journal.forget(upload)]);
  expect(await readdir(join(folder, 'state', 'uploads'))).toEqual([]);
});

test('a file that was cut anywhere gives what is whole in it, and takes more', async ({ folder }) => {
  const path = await leaveNotes(folder);
  const text = await readFile(path, 'utf8');
  for (let end = 0; end <= text.length; end += 7) {
    await writeFile(path, text);
    await truncate(path, end);
    const notes = await openAt(folder).open(upload);
    await notes.note(second, digest('c'));
    const [one, two] = await read(openAt(folder));
    expect([undefined, digest('a')]).toContain(one);
    expect(two).toBe(digest('c'));
  }
});

test('processes that note side by side spoil nothing', async ({ folder }) => {
  await Promise.all(
    Array.from({ length: 8 }, async (_, process) => {
      const notes = await openAt(folder).open(upload);
      for (let part = 1; part <= 20; part += 1) await notes.note({ partNumber: process * 20 + part, etag: '"e"' }, digest('d'));
    }),
  );
  const notes = await openAt(folder).open(upload);
  const found = Array.from({ length: 160 }, (_, index) => notes.sha256Of({ partNumber: index + 1, etag: '"e"' }));
  expect(new Set(found)).toEqual(new Set([digest('d')]));
});

const spoilings: readonly (readonly [string, (path: string, folder: string) => Promise<unknown>])[] = [
  ['one that others may write', (path) => chmod(path, 0o620)],
  ['one that others may read', (path) => chmod(path, 0o604)],
  [
    'a link to a file',
    async (path, folder) => {
      await rename(path, join(folder, 'elsewhere'));
      await symlink(join(folder, 'elsewhere'), path);
    },
  ],
  ['one with a second name', (path, folder) => link(path, join(folder, 'second'))],
  ['one that is too large', (path) => truncate(path, maxJournalBytes + 1)],
  ['one of another upload', async (path) => writeFile(path, (await readFile(path, 'utf8')).replace('"one"', '"two"'))],
  ['one of junk', (path) => writeFile(path, '\0{"part":1}{{{\n\n"'.repeat(1000))],
];

test.for(spoilings)(
  'a file that is %j is not believed, and no error',
  { skip: process.platform === 'win32' },
  async ([, spoil], { folder }) => {
    const path = await leaveNotes(folder);
    await spoil(path, folder);
    const before = await stat(path);
    expect(await read(openAt(folder))).toEqual([undefined, undefined]);
    const notes = await openAt(folder).open(upload);
    await notes.note(first, digest('e'));
    expect(notes.sha256Of(first)).toBe(digest('e'));
    expect((await stat(path)).mode).toBe(before.mode);
  },
);

test('a pipe in the place of a file holds nothing up', { skip: process.platform === 'win32' }, async ({ folder }) => {
  const path = await leaveNotes(folder);
  await rename(path, `${path}.old`);
  execFileSync('mkfifo', ['-m', '600', path]);
  expect(await read(openAt(folder))).toEqual([undefined, undefined]);
  expect(await openAt(folder).listKeys()).toEqual([]);
});

test('a folder that cannot be made or read costs the memory, and nothing else', async ({ folder }) => {
  await writeFile(join(folder, 'state'), 'a file');
  const journal = openAt(folder);
  const notes = await journal.open(upload);
  await notes.note(first, digest('a'));
  expect([await read(journal), await journal.listKeys(), await journal.forget(upload)]).toEqual([[undefined, undefined], [], undefined]);
});

test('what is old goes, and what are too many; other files stay', async ({ folder }) => {
  const uploads = join(folder, 'state', 'uploads');
  await mkdir(uploads, { recursive: true });
  const nameOf = (index: number): string => `${String(index).padStart(64, '0')}.journal`;
  for (let index = 0; index < 600; index += 1) await writeFile(join(uploads, nameOf(index)), '');
  await writeFile(join(uploads, 'readme'), '');
  const longAgo = new Date(Date.now() - 15 * 24 * 60 * 60_000);
  for (const name of [nameOf(3), 'readme']) await utimes(join(uploads, name), longAgo, longAgo);
  await leaveNotes(folder);
  const left = await readdir(uploads);
  expect(left).toHaveLength(513);
  expect(left).toContain('readme');
  expect(left).not.toContain(nameOf(3));
  expect(await read(openAt(folder))).toEqual([digest('a'), digest('b')]);
});
