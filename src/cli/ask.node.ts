import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { addAbortSignal, Writable } from 'node:stream';
import { abortError, RegistryError } from '../errors/registry-error.ts';
import { readAll } from '../streams/read-all.ts';

export interface Question {
  /** Shown on standard error, without a line's end. */
  readonly prompt: string;
  /** Whether the answer stays unseen. */
  readonly hidden: boolean;
}

/** Whether there is a person to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY;
}

/**
 * Asks a person for a line, on the terminal. While it is hidden the terminal echoes nothing; it is itself again whatever happens.
 * @throws RegistryError `usage-invalid` where the input ends instead, `aborted`
 */
export async function ask({ prompt, hidden }: Question, signal: AbortSignal): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: hidden ? nowhere : process.stderr, terminal: true, historySize: 0 });
  // In raw mode the terminal makes no signal of Ctrl-C
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const ended = Promise.withResolvers<never>();
  terminal.on('close', () =>
    ended.reject(new RegistryError('usage-invalid', `Cannot go on: the input ended before an answer to "${prompt.trim()}"`)),
  );
  if (hidden) process.stderr.write(prompt);
  try {
    return await Promise.race([terminal.question(hidden ? '' : prompt, { signal }), ended.promise]);
  } catch (error) {
    throw signal.aborted ? abortError(signal) : error;
  } finally {
    ended.promise.catch(() => undefined);
    terminal.close();
    if (hidden) process.stderr.write('\n');
  }
}

const maxSecretBytes = 64 * 1024;

/** A secret from standard input, to its end, without the line's end that `echo` and editors add. @throws RegistryError `size-mismatch` for more than 64 KiB */
export async function readSecretInput(signal: AbortSignal): Promise<string> {
  const bytes = await readAll(addAbortSignal(signal, process.stdin), maxSecretBytes, 'the password');
  return new TextDecoder().decode(bytes).replace(/\r?\n$/, '');
}
