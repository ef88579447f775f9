import process from 'node:process';
import { RegistryError } from '../errors/registry-error.ts';
import { exitClasses } from './exit-codes.ts';

/** A command gets this long to end by itself after the first signal. */
const graceMs = 4500;

/** One run's way to be stopped. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** Leaves the process's signals alone again, unless one came: then another one still ends the process as a stopped one, not as a killed one. */
  dispose(): void;
}

/**
 * Turns SIGINT and SIGTERM into an abort. The first one asks the command to end and gives it 4.5 seconds; the second one, or the end of that time, ends the process where
 * it stands (what it had sent stays in the bucket, invisible, for a later run).
 */
export function watchInterrupts(): Interrupt {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(exitClasses.stopped.exitCode);
    controller.abort(new RegistryError('aborted', `Stopped by ${name}`));
    timer = setTimeout(() => process.exit(exitClasses.stopped.exitCode), graceMs);
    timer.unref();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    dispose: () => {
      clearTimeout(timer);
      if (controller.signal.aborted) return;
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
