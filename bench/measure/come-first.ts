import { existsSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** One of the two forms of Linux's control groups. */
interface Form {
  readonly root: string;
  /** How `/proc/self/cgroup` names this hierarchy. */
  readonly name: string;
  /** A file and the number in it that gives a group the most of the processors. */
  readonly share: readonly [file: string, value: string];
}

const forms: readonly Form[] = [
  { root: '/sys/fs/cgroup/cpu', name: 'cpu', share: ['cpu.shares', '262144'] },
  { root: '/sys/fs/cgroup', name: '', share: ['cpu.weight', '10000'] },
];
/** Lets the link have its priority inside a group; of the first form only. It is handed out once: a second bench at the same time gets none. */
const realTime = ['cpu.rt_runtime_us', '900000'] as const;
const removalTries = 50;
const pauseMs = 20;

/**
 * Lets this process and all that it starts come before everything else on the machine, so that figures can be compared although others use it: those still take the
 * processors while the bench waits, but hardly ever while it works. Contestants, servers and the link share what there is as before.
 * @returns a function that takes it back. Throws where control groups are missing or may not be changed
 */
export async function comeFirst(): Promise<() => Promise<void>> {
  const form = forms.find(({ root }) => existsSync(join(root, 'cgroup.procs')));
  if (form === undefined) throw new Error('Cannot come before others: no control groups are mounted');
  const folder = join(form.root, `bucketry-bench-${process.pid}`);
  const former = join(form.root, await findOwnGroup(form.name));
  await mkdir(folder);
  try {
    await writeFile(join(folder, form.share[0]), form.share[1]);
    if (existsSync(join(folder, realTime[0]))) await writeFile(join(folder, realTime[0]), realTime[1]).catch(() => {});
    await writeFile(join(folder, 'cgroup.procs'), String(process.pid));
  } catch (error) {
    await rmdir(folder);
    throw new Error('Cannot come before others: control groups may not be changed here', { cause: error });
  }
  return async () => {
    await writeFile(join(former, 'cgroup.procs'), String(process.pid));
    await removeGroup(folder, former);
  };
}

/** The path of this process's group below the hierarchy's root. */
async function findOwnGroup(name: string): Promise<string> {
  const lines = (await readFile('/proc/self/cgroup', 'utf8')).split('\n').map((line) => line.split(':'));
  return lines.find(([, hierarchy]) => hierarchy === name)?.[2] ?? '/';
}

/** The last of those who were in it may still be ending; who watches over this process until it ends goes where it goes. */
async function removeGroup(folder: string, former: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await rmdir(folder);
      return;
    } catch (error) {
      if (attempt === removalTries) throw error;
      await moveAll(folder, former);
      await sleep(pauseMs);
    }
  }
}

async function moveAll(from: string, to: string): Promise<void> {
  const pids = (await readFile(join(from, 'cgroup.procs'), 'utf8')).split('\n').filter((line) => line !== '');
  for (const pid of pids) await writeFile(join(to, 'cgroup.procs'), pid).catch(() => {}); // it has ended
}
