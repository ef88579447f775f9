import { readdir, readFile } from 'node:fs/promises';

/** Linux counts processor time in ticks of 10 ms for everyone who reads it here. */
const tickMs = 10;

/** Milliseconds that all processors together were busy since the machine started. */
export async function readBusyMs(): Promise<number> {
  const line = (await readFile('/proc/stat', 'utf8')).split('\n')[0] ?? '';
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = line.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softIrq + steal) * tickMs;
}

/** Milliseconds of processor time that a process has used; 0 for one that is gone. */
export async function readProcessMs(pid: number): Promise<number> {
  return (await readStat(pid)).cpuMs;
}

/** All that descend from a process, and it itself. */
export async function findDescendants(pid: number): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((each) => Number.isInteger(each));
  const parents = new Map(await Promise.all(pids.map(async (each) => [each, (await readStat(each)).parent] as const)));
  const found = [pid];
  for (const each of found) found.push(...pids.filter((child) => parents.get(child) === each));
  return found;
}

async function readStat(pid: number): Promise<{ readonly parent: number; readonly cpuMs: number }> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in parentheses may hold spaces: fields count from behind it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1] ?? 0), cpuMs: (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * tickMs };
}
