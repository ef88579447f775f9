import { readFile } from 'node:fs/promises';

/** A complete event of the Trace Event Format, times in microseconds. */
export interface CompleteEvent {
  readonly name: string;
  readonly cat: string;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly args?: Readonly<Record<string, string | number | boolean>>;
}

/** The complete events of a trace file, in the order in which they began. */
export async function readTraceEvents(path: string): Promise<CompleteEvent[]> {
  const events = JSON.parse(await readFile(path, 'utf8')) as (CompleteEvent & { readonly ph: string })[];
  return events.filter(({ ph }) => ph === 'X').toSorted((a, b) => a.ts - b.ts);
}

/** The most that went on at once. */
export function countAtOnce(events: readonly CompleteEvent[]): number {
  return Math.max(0, ...events.map(({ ts }) => events.filter((other) => other.ts <= ts && ts < other.ts + other.dur).length));
}

/** Pairs on one lane that overlap without one lying within the other: a picture cannot show them. */
export function findOverlaps(events: readonly CompleteEvent[]): string[] {
  const isAmiss = (a: CompleteEvent, b: CompleteEvent): boolean =>
    a.tid === b.tid && a.ts < b.ts && b.ts < a.ts + a.dur && a.ts + a.dur < b.ts + b.dur;
  return events.flatMap((a) => events.filter((b) => isAmiss(a, b)).map((b) => `${a.name} and ${b.name} on lane ${a.tid}`));
}
