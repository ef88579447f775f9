import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reapOnDeath } from './reap-on-death.ts';

/** A folder that goes away with `remove`, or with the process that made it, whichever comes first. */
export interface TemporaryFolder {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/** Makes an empty folder of its own below the system's temporary one; `label` helps to recognise one left behind. */
export async function createTemporaryFolder(label: string): Promise<TemporaryFolder> {
  // Short, since a Unix socket's path, which daemons put in here, ends at 107 bytes.
  const path = await realpath(await mkdtemp(join(tmpdir(), `bkt-${label}-`)));
  const callOff = reapOnDeath('remove-folder', path);
  return {
    path,
    async remove() {
      // A daemon's helpers may still be closing files for a moment after it is gone.
      await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
      callOff();
    },
  };
}
