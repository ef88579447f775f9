import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import type { CommandLine } from './namespace.ts';
import { reapOnDeath } from './reap-on-death.ts';

/** A running program with everything it started in its own process group. */
export interface ProcessGroup {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Ends the program's input with this text. */
  endInput(text: string): void;
  /** Resolves with the exit code (128 + the signal's number where one ended it) once all output was read. */
  readonly ended: Promise<number>;
  /** Sends a signal to all of the group; nothing happens where none is left. */
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
  /** SIGTERM, then SIGKILL to what is left after `graceMs`; resolves when the program is gone. */
  stop(graceMs: number): Promise<void>;
}

export interface ProcessGroupOptions {
  /** The whole environment, nothing is inherited; this process's own by default. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string | undefined;
}

/** Starts a program in a group of its own, which dies with this process, however that ends. */
export async function spawnGroup([program, ...args]: CommandLine, { env, cwd }: ProcessGroupOptions = {}): Promise<ProcessGroup> {
  const child = spawn(program, args, { detached: true, env: env ?? process.env, cwd });
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      resolve(child.pid ?? 0);
    });
  });
  const callOff = reapOnDeath('kill-group', pid);
  child.stdin.on('error', () => {}); // a program that ends without reading its input
  const ended = new Promise<number>((resolve) => {
    child.once('exit', () => {
      signalGroup(pid, 'SIGKILL'); // what it left in the group would keep the pipes open
      callOff();
    });
    child.once('close', (code, signal) => {
      resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']);
    });
  });
  return {
    pid,
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    endInput: (text) => child.stdin.end(text),
    signal: (name) => {
      signalGroup(pid, name);
    },
    async stop(graceMs) {
      if (child.exitCode === null && child.signalCode === null) signalGroup(pid, 'SIGTERM');
      const killer = setTimeout(() => {
        signalGroup(pid, 'SIGKILL');
      }, graceMs);
      await ended;
      clearTimeout(killer);
    },
  };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
