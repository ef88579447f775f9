import { readdir, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

const CONTROL_GROUPS = '/sys/fs/cgroup';

/** The name of the control group that a peer with this home puts its containers below. */
export function controlGroupOf(home: string): string {
  return basename(home);
}

/** Removes what a peer that is gone left of its control group, in the unified hierarchy or in each of the older ones. */
export async function removeControlGroup(home: string): Promise<void> {
  const hierarchies = [CONTROL_GROUPS, ...(await listFolders(CONTROL_GROUPS))];
  for (const hierarchy of hierarchies) {
    await removeGroup(join(hierarchy, controlGroupOf(home)));
  }
}

/** Its files are the kernel's: a group goes away by `rmdir`, after those inside it. */
async function removeGroup(path: string): Promise<void> {
  await Promise.all((await listFolders(path)).map((inner) => removeGroup(inner)));
  await rmdir(path).catch(() => {}); // absent where this hierarchy was not used
}

async function listFolders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(path, entry.name));
}
