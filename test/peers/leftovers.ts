import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a peer could leave behind: each entry names a process, mount or folder that still mentions the peer's home. */
export async function findLeftovers(home: string): Promise<readonly string[]> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n');
  const groups = await listFolders('/sys/fs/cgroup', 2);
  const folders = (await readdir(tmpdir())).map((name) => join(tmpdir(), name));
  return [...(await listCommandLines()), ...mounts, ...groups, ...folders].filter((line) => line.includes(basenameOf(home)));
}

/** The folders of the system that container tools write into by default. */
export async function listSystemState(): Promise<readonly string[]> {
  const places = ['/run', '/dev/shm', '/var/lib', '/etc/containers', '/etc/docker'];
  const listings = await Promise.all(places.map((place) => listFolders(place, 1)));
  return listings.flat().toSorted();
}

async function listCommandLines(): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''))).then((lines) =>
    lines.map((line) => line.replaceAll('\0', ' ')),
  );
}

async function listFolders(path: string, depth: number): Promise<readonly string[]> {
  if (depth === 0) return [];
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  const paths = entries.map((entry) => join(path, entry.name));
  const inner = await Promise.all(paths.map((each) => listFolders(each, depth - 1)));
  return [...paths, ...inner.flat()];
}

function basenameOf(home: string): string {
  return home.slice(home.lastIndexOf('/') + 1);
}
