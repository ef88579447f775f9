import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { bucketryCommand } from '../../interop/bucketry.ts';
import { spawnGroup } from '../../peers/process-group.ts';
import { runCommand } from '../../peers/run-command.ts';
import type { KillStore } from './kill-store.ts';

/** A moment in the course of a push: some time after it has written so many bytes; after so long, where that cannot be seen. */
export interface KillMoment {
  readonly bytes: number;
  readonly thenMs: number;
  readonly afterMs: number;
}

/** How a push that ran to its end ended. */
export interface PushEnding {
  readonly code: number;
  readonly stderr: string;
  /** All that the process wrote, to files, sockets and pipes, by the kernel's count; undefined where that cannot be had. */
  readonly writtenBytes: number | undefined;
}

/** Few connections and a slow link, so that parts are acknowledged one after the other, and a kill may come at any of them. */
const pace = ['--limit-rate', '48MiB', '--max-connections', '2'] as const;
const lookMs = 2;
/** The kernel adds what children did to their parent's account when it has waited for them. */
const measuring = '"$@"; code=$?; cat /proc/$$/io > "$ACCOUNT"; exit $code';

/** Pushes into a store from a home that is kept from one process to the next. */
export function openPusher(store: KillStore, home: string) {
  const options = { cwd: home, env: { PATH: process.env['PATH'], HOME: home, ACCOUNT: join(home, 'account'), ...store.environment } };
  const push = (source: string, reference: string) =>
    bucketryCommand(['push', source, `${store.place}${store.separator}${reference}`, ...pace]);
  return {
    /** @returns whether the push was still running when it was killed */
    async pushAndKill(source: string, reference: string, moment: KillMoment): Promise<boolean> {
      const group = await spawnGroup(push(source, reference), options);
      group.stdout.resume();
      group.stderr.resume();
      group.endInput('');
      if (process.platform === 'linux') await waitUntilWritten(group.pid, moment);
      else await Promise.race([group.ended, sleep(moment.afterMs)]);
      group.signal('SIGKILL');
      return (await group.ended) !== 0;
    },
    async push(source: string, reference: string): Promise<PushEnding> {
      const command = push(source, reference);
      if (process.platform !== 'linux') return { ...(await runCommand(command, options)), writtenBytes: undefined };
      const { code, stderr } = await runCommand(['sh', '-c', measuring, 'sh', ...command], options);
      return { code, stderr, writtenBytes: parseWritten(await readFile(options.env.ACCOUNT, 'utf8').catch(() => '')) };
    },
    /** Removes all that killed pushes left, however young. */
    async clean(): Promise<{ readonly uploads: number; readonly staged: number }> {
      const words = ['rm', '--uploads', store.place, '--older-than', '0s', '--json'];
      const { code, stdout, stderr } = await runCommand(bucketryCommand(words), options);
      if (code !== 0) throw new Error(`rm --uploads ended with ${code}: ${stderr}`);
      const { uploads, staged } = JSON.parse(stdout) as { readonly uploads: readonly unknown[]; readonly staged: readonly unknown[] };
      return { uploads: uploads.length, staged: staged.length };
    },
  };
}

async function waitUntilWritten(pid: number, { bytes, thenMs }: KillMoment): Promise<void> {
  while ((await countWritten(pid)) < bytes) await sleep(lookMs);
  await sleep(thenMs);
}

/** Infinity where it has ended. */
async function countWritten(pid: number): Promise<number> {
  return parseWritten(await readFile(`/proc/${pid}/io`, 'utf8').catch(() => '')) ?? Infinity;
}

function parseWritten(account: string): number | undefined {
  const written = /^wchar: (\d+)$/m.exec(account)?.[1];
  return written === undefined ? undefined : Number(written);
}

export type Pusher = ReturnType<typeof openPusher>;
