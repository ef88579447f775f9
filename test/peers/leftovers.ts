import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** The processes, mounts, control groups and folders that still mention a peer's home. */
export async function findLeftovers(home: string): Promise<readonly string[]> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n');
  const groups = await listFolders('/sys/fs/cgroup', 2);
  const folders = (await readdir(tmpdir())).map((name) => join(tmpdir(), name));
  const traces = [...(await listCommandLines()), ...mounts, ...groups, ...folders];
  return traces.filter((line) => line.includes(basename(home)));
}

/** Where container tools put things unless they are kept from it. */
const SYSTEM_PLACES = [
  ...['containerd', 'containers', 'crun', 'docker', 'libpod', 'runc'].map((name) => `/run/${name}`),
  ...['cni', 'containerd', 'containers', 'docker'].map((name) => `/var/lib/${name}`),
  '/dev/shm/libpod_lock',
];

/** Which of the system's places for container tools are there: the same before and after a test. */
export function listSystemState(): readonly string[] {
  return SYSTEM_PLACES.filter((path) => existsSync(path));
}

async function listCommandLines(): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
}

async function listFolders(path: string, depth: number): Promise<readonly string[]> {
  if (depth === 0) return [];
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  const paths = entries.map((entry) => join(path, entry.name));
  const inner = await Promise.all(paths.map((each) => listFolders(each, depth - 1)));
  return [...paths, ...inner.flat()];
}
