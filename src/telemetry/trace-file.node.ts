import { closeSync, openSync, writeSync } from 'node:fs';
import process from 'node:process';
import { RegistryError } from '../errors/registry-error.ts';
import { describeFailure, labelSpan, readFacts } from './describe-span.ts';
import { createLanes } from './lanes.ts';
import type { Span, SpanListener } from './span.ts';

/** A file in the Trace Event Format of Chrome, which Perfetto and chrome://tracing open. */
export interface TraceFile extends SpanListener {
  /**
   * Writes what is still going on, as far as it went, and ends the file.
   * @throws RegistryError `output-failed`, also for a write that failed before
   */
  close(): void;
}

export interface TraceFileOptions {
  /** What the process is called in the picture. */
  readonly title: string;
  /** Milliseconds since the process began, as spans count them. */
  readonly now?: (() => number) | undefined;
}

/** Characters that are held back before they are written. */
const blockSize = 64 * 1024;

/**
 * Begins a trace file, replacing what was there. Events are written when their spans end, in blocks, synchronously: a block takes some ten microseconds, and a process that is
 * told to exit can still end the file. What a process leaves that is killed is a file without its last bracket, which the format allows.
 * @throws RegistryError `output-failed`
 */
export function openTraceFile(path: string, { title, now = () => performance.now() }: TraceFileOptions): TraceFile {
  const lanes = createLanes();
  const open = new Set<Span>();
  const file = openBlockFile(path);
  const write = (event: object): void => file.write(event);
  const writeSpan = (span: Span, endMs: number): void => {
    open.delete(span);
    const lane = lanes.leave(span);
    if (lane !== undefined) write(formatSpan(span, lane, endMs));
  };

  write({ ph: 'M', pid: process.pid, name: 'process_name', args: { name: title } });
  write({ ph: 'X', pid: process.pid, tid: 1, ts: 0, dur: toMicroseconds(now()), name: 'start of the process', cat: 'process' });
  const close = (): void => {
    process.off('exit', close);
    for (const span of [...open].toReversed()) writeSpan(span, now());
    file.end();
  };
  // Where the process is ended before the command is
  process.on('exit', close);
  return {
    onStart(span) {
      open.add(span);
      const { lane, isNew } = lanes.enter(span);
      if (!isNew) return;
      write({ ph: 'M', pid: process.pid, tid: lane + 1, name: 'thread_name', args: { name: `lane ${lane + 1}` } });
      write({ ph: 'M', pid: process.pid, tid: lane + 1, name: 'thread_sort_index', args: { sort_index: lane + 1 } });
    },
    onEnd: (span) => writeSpan(span, span.endedAtMs ?? now()),
    close() {
      close();
      if (file.failure !== undefined) throw outputFailed(path, file.failure);
    },
  };
}

/** A complete event. `args` is shown when it is clicked on. */
function formatSpan(span: Span, lane: number, endMs: number): object {
  const failure = describeFailure(span);
  const ending = span.endedAtMs === undefined ? { unfinished: true } : {};
  return {
    ph: 'X',
    pid: process.pid,
    tid: lane + 1,
    ts: toMicroseconds(span.startedAtMs),
    dur: toMicroseconds(endMs - span.startedAtMs),
    name: labelSpan(span),
    cat: span.point,
    args: { ...readFacts(span), ...ending, ...(failure && { error: failure.code, message: failure.message }) },
  };
}

interface BlockFile {
  write(event: object): void;
  end(): void;
  /** Why writing failed; after that nothing more is written. */
  readonly failure: unknown;
}

/** A JSON array, written in blocks. */
function openBlockFile(path: string): BlockFile {
  let descriptor: number | undefined = openOrFail(path);
  let block = '';
  let separator = '[\n';
  let failure: unknown;
  const flush = (): void => {
    if (descriptor === undefined) return;
    try {
      for (let rest = Buffer.from(block); rest.byteLength > 0;) rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      failure = error;
      descriptor = undefined;
    }
    block = '';
  };
  return {
    write(event) {
      block += `${separator}${JSON.stringify(event)}`;
      separator = ',\n';
      if (block.length >= blockSize) flush();
    },
    end() {
      block += '\n]\n';
      flush();
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
    get failure() {
      return failure;
    },
  };
}

function openOrFail(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw outputFailed(path, error);
  }
}

function outputFailed(path: string, cause: unknown): RegistryError {
  return new RegistryError('output-failed', `Cannot write the trace to "${path}"`, { cause });
}

function toMicroseconds(durationMs: number): number {
  return Math.round(durationMs * 1000);
}
