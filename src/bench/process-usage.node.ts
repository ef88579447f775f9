import { readFileSync } from 'node:fs';

/*
 * Node tells what its own process takes, and nothing of those that it started. Linux does: whoever waits for a process is charged with its processor time and with that of
 * all that it waited for itself, and a process that lives tells the most memory that it ever held. Other systems tell neither to programs without code of their own.
 */

/** Linux counts processor time in hundredths of a second for everyone who reads it here. */
const tickMs = 10;
const pauseMs = 20;

/** Milliseconds of processor time of all processes that this one has waited for, and of those that they waited for; undefined where the system does not tell. */
export function readReapedCpuMs(): number | undefined {
  const text = read('/proc/self/stat');
  if (text === undefined) return undefined;
  // The name in parentheses may hold spaces: fields count from behind it. See proc_pid_stat(5): cutime, cstime.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * tickMs;
}

/** Watches the memory of a process while it runs. */
export interface PeakWatch {
  /** Ends the watch. @returns the largest resident set of any one process among it and its descendants; undefined where the system does not tell */
  stop(): number | undefined;
}

/** Looks every 20 ms for the mark that the system keeps of the most ever held: what is missed is what was taken after the last look. */
export function watchPeak(pid: number): PeakWatch {
  let peakBytes: number | undefined;
  const look = (): void => {
    for (const each of listFamily(pid)) {
      const bytes = readPeakBytes(each);
      if (bytes !== undefined) peakBytes = Math.max(peakBytes ?? 0, bytes);
    }
  };
  look();
  const timer = setInterval(look, pauseMs);
  return {
    stop() {
      clearInterval(timer);
      return peakBytes;
    },
  };
}

function listFamily(pid: number): readonly number[] {
  const children = (read(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(listFamily)];
}

/** See proc_pid_status(5): VmHWM; absent of a process that has ended and was not waited for. */
function readPeakBytes(pid: number): number | undefined {
  const [, kibibytes] = /^VmHWM:\s*(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '') ?? [];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** Undefined for a process that is gone, and where there is no /proc. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** How processor time and memory are found out here, for whoever reads them. */
export function explainUsage(): string {
  if (readReapedCpuMs() === undefined) return 'CPU and memory: this system does not tell Node what other processes took.';
  return `CPU: user and system time of the process and of those that it waited for, as Linux charges it, in steps of ${tickMs} ms. Peak: the largest resident set of any one of them by the mark that Linux keeps, looked at every ${pauseMs} ms: at least this much.`;
}
