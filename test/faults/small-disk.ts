import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Ending } from './command-line.ts';

/** Whether this process may mount file systems of its own, unseen by others: Linux, as root. */
export const canMount: boolean = spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /mnt']).status === 0;

/** A disk that a bucket lies on, and the two pushes to it, of which the second fails. */
export interface SmallDisk {
  readonly sizeBytes: number;
  readonly isReadOnly: boolean;
  /** A folder that exists, for the mount and what is to be kept of it. */
  readonly folder: string;
  /** Layouts. */
  readonly first: string;
  readonly second: string;
}

const script = `
set -eu
mount -t tmpfs -o "size=$SIZE" none "$FOLDER/disk"
list() { (cd "$FOLDER/disk" && find . -type f -exec sha256sum {} + | sort -k2); }
push() { "$NODE" "$BUCKETRY" push "oci:$1" "file:$FOLDER/disk/bucket//team/app:1.0" --json; }
push "$FIRST" > /dev/null
if [ "$READ_ONLY" = true ]; then mount -o remount,ro "$FOLDER/disk"; fi
list > "$FOLDER/before"
set +e
push "$SECOND" > /dev/null 2> "$FOLDER/stderr"
echo $? > "$FOLDER/exit-code"
list > "$FOLDER/after"
`;

/** Pushes twice to a directory bucket on a small disk, which only the pushes see. @returns how the second ended, and the bucket's files around it */
export async function pushToSmallDisk(disk: SmallDisk): Promise<Ending & { readonly before: string; readonly after: string }> {
  const { folder } = disk;
  await mkdir(join(folder, 'disk'));
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    NODE: process.execPath,
    BUCKETRY: fileURLToPath(new URL('../../bin/bucketry.js', import.meta.url)),
    FOLDER: folder,
    SIZE: String(disk.sizeBytes),
    READ_ONLY: String(disk.isReadOnly),
    FIRST: disk.first,
    SECOND: disk.second,
  };
  await promisify(execFile)('unshare', ['-m', 'sh', '-c', script], { env, timeout: 20_000 });
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  const [before, after, stderr, exitCode] = await Promise.all(['before', 'after', 'stderr', 'exit-code'].map(read));
  return { before: before ?? '', after: after ?? '', stderr: stderr ?? '', exitCode: Number(exitCode) };
}
