import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * What a reaper does once its standard input ends without a word, which is how the kernel tells it that
 * the test process is gone, SIGKILL included. A hook on `exit` would miss exactly that case.
 *
 * A folder waits for the processes that may still write into it.
 */
const SCRIPTS = {
  'kill-group': 'read -r word || kill -KILL "-$1"',
  'remove-folder': 'read -r word || { sleep 1; rm -rf -- "$1"; }',
} as const;

/**
 * Makes sure that a process group is killed, or a folder removed, should this process die before it does so itself.
 * Returns the function that calls it off; to be called once the thing is gone.
 */
export function reapOnDeath(action: keyof typeof SCRIPTS, target: string | number): () => void {
  const reaper = spawn('/bin/sh', ['-c', SCRIPTS[action], 'reaper', String(target)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  // Neither the reaper nor the pipe to it keeps this process from ending.
  reaper.unref();
  reaper.stdin.on('error', () => {});
  if (reaper.stdin instanceof Socket) reaper.stdin.unref();
  return () => {
    reaper.stdin.end('called off\n');
  };
}
