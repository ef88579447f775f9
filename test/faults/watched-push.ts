import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { bucketryCommand } from '../interop/bucketry.ts';
import { type ProcessGroup, spawnGroup } from '../peers/process-group.ts';
import type { LoggedRequest } from '../s3-server/exchange.ts';
import type { S3TestServer } from '../s3-server/server.ts';

/** A push as a process of its own, from a home of its own, as on another machine. */
export interface WatchedPush {
  readonly ended: Promise<{ readonly code: number; readonly output: string }>;
  kill(): void;
  /** Stands still, its connections open, until it is to go on. */
  pause(): void;
  goOn(): void;
}

/** Slow enough, over few connections, for parts to be acknowledged one after the other. */
const pace = ['--limit-rate', '16MiB', '--max-connections', '2'] as const;

/** Starts to push a layout `image` that lies in the machine's folder. */
export async function startPush(machine: string, target: string, environment: Readonly<Record<string, string>>): Promise<WatchedPush> {
  const env = { PATH: process.env['PATH'], HOME: machine, ...environment };
  const words = ['push', `oci:${join(machine, 'image')}`, target, ...pace];
  const group: ProcessGroup = await spawnGroup(bucketryCommand(words), { cwd: machine, env });
  let output = '';
  for (const stream of [group.stdout, group.stderr]) stream.setEncoding('utf8').on('data', (text: string) => void (output += text));
  group.endInput('');
  return {
    ended: group.ended.then((code) => ({ code, output })),
    kill: () => group.signal('SIGKILL'),
    pause: () => void process.kill(group.pid, 'SIGSTOP'),
    goOn: () => void process.kill(group.pid, 'SIGCONT'),
  };
}

/** Waits until something is so; fails after a while. */
export async function waitUntil(what: string, isSo: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`Waited in vain until ${what}`);
    await sleep(5);
  }
}

/** Requests and bytes that a store took. */
export interface Traffic {
  readonly requests: number;
  /** Of bodies in answered requests. */
  readonly bytes: number;
  /** Part numbers, in the order in which their requests came, of those that were answered. */
  readonly parts: readonly number[];
}

/** What was asked of a store since `from`. */
export function countTraffic({ requests }: Pick<S3TestServer, 'requests'>, from = 0): Traffic {
  const since = requests.slice(from);
  const answered = since.filter(({ status = 0 }) => status >= 200 && status < 300);
  const bodyBytes = ({ method, headers }: LoggedRequest): number =>
    method === 'PUT' || method === 'POST' ? Number(headers['content-length'] ?? 0) : 0;
  return {
    requests: since.length,
    bytes: answered.reduce((sum, request) => sum + bodyBytes(request), 0),
    parts: answered.filter(({ operation }) => operation === 'UploadPart').map(({ query }) => Number(query['partNumber'])),
  };
}
