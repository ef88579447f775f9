import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import type { UploadHandle } from '../bucket/multipart-uploads.ts';
import type { Clock } from '../streams/clock.ts';
import { formatPartLine, formatUploadLine, type JournalContent, maxJournalBytes, parseJournal, partName } from './journal-lines.ts';
import type { UploadJournal } from './upload-journal.ts';

/*
 * A folder of the user's own with one file for each upload, named for the digest of bucket, key and upload id. Files are only appended to, by any number of processes, and removed when the upload
 * is over; those of uploads that never end go after some days, or when there are too many.
 *
 * Nothing is flushed to the disk: a line that a failure of power takes is a part that is sent again. Nothing in it is a secret: an upload id is of no use without credentials. The files are the user's own all
 * the same, and one that is not (owned by another, readable or writable by others, a link, a pipe) is neither read nor written.
 */

/** Uploads that stores have mostly ended by then. */
const maxAgeMs = 14 * 24 * 60 * 60_000;
const maxFiles = 512;
const fileName = /^[0-9a-f]{64}\.journal$/;
// Windows has neither links that a user may plant here nor pipes with names in folders.
const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;

export interface JournalOptions {
  /** Made when it is needed. */
  readonly folder: string;
  /** The bucket, by which its uploads are told from those of others. */
  readonly location: string;
  readonly clock: Clock;
}

/** The journal of uploads into one bucket, in a folder that may hold those of others. */
export function openJournalFolder({ folder, location, clock }: JournalOptions): UploadJournal {
  let preparing: Promise<void> | undefined;
  /** What is being opened is not forgotten before. */
  const openings = new Map<string, Promise<void>>();
  const prepare = async (): Promise<void> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await removeOld(folder, clock.now());
  };
  const pathOf = ({ key, uploadId }: UploadHandle): string => {
    const name = createHash('sha256')
      .update(JSON.stringify([location, key, uploadId]))
      .digest('hex');
    return join(folder, `${name}.journal`);
  };

  return {
    async open(upload) {
      const path = pathOf(upload);
      const parts = new Map<string, string>();
      const opening = orNothing(async () => {
        await (preparing ??= prepare());
        const found = await readFile(path);
        // No file, or one whose first line a crash has cut
        if (found?.upload === undefined) return append(path, formatUploadLine({ location, ...upload }));
        const isOfIt = found.upload?.key === upload.key && found.upload.uploadId === upload.uploadId && found.upload.location === location;
        if (isOfIt) for (const [name, sha256] of found.parts) parts.set(name, sha256);
      });
      openings.set(path, opening);
      await opening;
      return {
        sha256Of: (part) => parts.get(partName(part)),
        async note(part, sha256) {
          parts.set(partName(part), sha256);
          await orNothing(() => append(path, formatPartLine(part, sha256)));
        },
      };
    },

    async forget(upload) {
      const path = pathOf(upload);
      await openings.get(path);
      openings.delete(path);
      await orNothing(() => rm(path, { force: true }));
    },

    async listKeys() {
      const keys = new Set<string>();
      await orNothing(async () => {
        for (const name of (await readdir(folder)).filter((one) => fileName.test(one)).slice(0, maxFiles)) {
          await orNothing(async () => {
            const { upload } = (await readFile(join(folder, name))) ?? {};
            if (upload?.location === location) keys.add(upload.key);
          });
        }
      });
      return [...keys];
    },
  };
}

/** What cannot be remembered is done again: no failure here is one of the command. */
async function orNothing(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch {
    // As said.
  }
}

/** Undefined where there is no file, or an empty one; throws where it is not one of ours. */
async function readFile(path: string): Promise<JournalContent | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const size = await checkFile(handle);
    return size === 0 ? undefined : parseJournal(await handle.readFile('utf8'));
  } finally {
    await handle.close();
  }
}

async function append(path: string, line: string): Promise<void> {
  const handle = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    await checkFile(handle);
    await handle.appendFile(line);
  } finally {
    await handle.close();
  }
}

/** The size of a file that is the user's own and nobody else's, and not too large. */
async function checkFile(handle: FileHandle): Promise<number> {
  const { size, uid, mode, nlink } = await handle.stat();
  const isOwn = process.getuid === undefined || (uid === process.getuid() && (mode & 0o077) === 0 && nlink === 1);
  if (isOwn && (mode & constants.S_IFMT) === constants.S_IFREG && size <= maxJournalBytes) return size;
  throw new Error(`Cannot use this file as a journal: found owner ${uid}, mode ${mode.toString(8)}, ${nlink} names, ${size} bytes`);
}

async function removeOld(folder: string, nowMs: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => fileName.test(name));
  // Another process may remove one meanwhile
  const readAge = async (name: string): Promise<number> => nowMs - ((await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0);
  const files = await Promise.all(names.map(async (name) => ({ name, ageMs: await readAge(name) })));
  const byAge = files.toSorted((a, b) => a.ageMs - b.ageMs);
  const isOver = ({ ageMs }: (typeof files)[number], index: number): boolean => ageMs > maxAgeMs || index >= maxFiles - 1;
  await Promise.all(byAge.filter(isOver).map(({ name }) => rm(join(folder, name), { force: true })));
}
