import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What ends because a peer was closed may end a moment later: its reaper, which is called off and not waited for. */
const patienceMs = 5_000;

/** The processes, mounts, control groups and folders that mention a peer's home and go on doing so. */
export async function findLeftovers(home: string): Promise<readonly string[]> {
  for (const givenUpAt = performance.now() + patienceMs; ;) {
    const traces = await findTraces(home);
    if (traces.length === 0 || performance.now() > givenUpAt) return traces;
    await sleep(50);
  }
}

async function findTraces(home: string): Promise<readonly string[]> {
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
