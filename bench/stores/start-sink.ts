import { dirname } from 'node:path';
import { formatBucketFormat } from '../../src/layout/format-version.ts';
import { formatKey } from '../../src/layout/keys.ts';
import { findFreePort } from '../../test/peers/free-port.ts';
import { TEST_CREDENTIALS, TEST_REGION } from '../../test/peers/s3-peer.ts';
import { startServer } from '../../test/peers/server-process.ts';
import { compileProgram } from '../compile-program.ts';
import type { BenchStore, Pace } from './bench-store.ts';
import { pushBucket } from './start-store.ts';

const gibibyte = 2 ** 30;
const mebibyte = 2 ** 20;

/** When how many bytes of all bodies had come. */
interface Mark {
  readonly bytes: number;
  readonly ms: number;
}

const profile = { conditionalPut: 'atomic', verifiesSha256: true, verifiesCrc32: true, strongList: true } as const;

/** Starts the store that throws bytes away, with a bucket that says of it what `init` finds out about MinIO and AWS: a client must do for it what it does for those. */
export async function startSink(signal: AbortSignal): Promise<BenchStore> {
  const program = await compileProgram(new URL('sink.c', import.meta.url), signal);
  const port = await findFreePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const ask = async (method: string): Promise<string> => (await fetch(`${endpoint}/_sink`, { method, signal })).text();
  const server = await startServer({
    command: [program, String(port)],
    cwd: dirname(program),
    env: {},
    isReady: async () => (await ask('GET')) !== undefined,
    signal,
  });
  const format = new URL(`/${pushBucket}/${formatKey({ kind: 'format' })}`, endpoint);
  await fetch(format, { method: 'PUT', body: formatBucketFormat({ store: profile }), signal });
  await ask('DELETE');
  return {
    ...TEST_CREDENTIALS,
    region: TEST_REGION,
    endpoint,
    port,
    pid: server.pid,
    empty: async () => void (await ask('DELETE')),
    countBytes: async () => readMarks(await ask('GET')).at(-1)?.bytes ?? 0,
    readPace: async () => summarizePace(readMarks(await ask('GET'))),
    close: server.stop,
  };
}

function readMarks(text: string): readonly Mark[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => line.split(' ').map(Number)).map(([bytes = 0, ns = 0]) => ({ bytes, ms: ns / 1e6 }));
}

/** The rates of the first and of the last GiB; undefined where there were not two. The sink's last line is when it was asked, and says nothing of a rate. */
export function summarizePace(marks: readonly Mark[]): Pace | undefined {
  const [first, last] = [marks[0], marks.at(-2)];
  if (first === undefined || last === undefined || last.bytes < 2 * gibibyte) return undefined;
  const endOfFirst = marks.find(({ bytes }) => bytes >= gibibyte) ?? last;
  const startOfLast = marks.findLast(({ bytes }) => bytes <= last.bytes - gibibyte) ?? first;
  const rate = (from: Mark, to: Mark): number => ((to.bytes - from.bytes) / mebibyte / (to.ms - from.ms)) * 1000;
  return { firstMibPerS: rate(first, endOfFirst), lastMibPerS: rate(startOfLast, last) };
}
