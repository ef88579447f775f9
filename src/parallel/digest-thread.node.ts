import type { Worker } from 'node:worker_threads';
import { fingerprintKey } from '../streams/fingerprint.ts';
import type { DigestAnswer, DigestJob } from './digest-worker.node.ts';
import type { DigestFile, FileDigest } from './file-digest.ts';

/** Beside this file, whatever it was built to. */
const workerFile = new URL(import.meta.url.endsWith('.ts') ? './digest-worker.node.ts' : './digest-worker.node.js', import.meta.url);

/**
 * A thread that digests files, one after another: it is as fast as any link, and the other processors are for those who send. It begins with the first file, and does not keep the process alive
 * longer than somebody waits for it.
 */
export function createDigestThread(): DigestFile {
  let thread: Promise<Worker | undefined> | undefined;
  const waiting = new Map<number, (result: FileDigest | undefined) => void>();
  let lastId = 0;

  const give = (id: number, result: FileDigest | undefined, worker?: Worker): void => {
    waiting.get(id)?.(result);
    waiting.delete(id);
    if (waiting.size === 0) worker?.unref();
  };
  const start = async (): Promise<Worker | undefined> => {
    const { Worker } = await import('node:worker_threads');
    try {
      const worker = new Worker(workerFile, { execArgv: [] });
      const giveUp = (): void => {
        for (const id of waiting.keys()) give(id, undefined);
        thread = Promise.resolve(undefined);
      };
      worker.on('message', ({ id, result }: DigestAnswer) => give(id, result, worker));
      worker.on('error', giveUp);
      worker.on('exit', giveUp);
      worker.unref();
      return worker;
    } catch {
      return undefined;
    }
  };

  return async (file, signal) => {
    thread ??= start();
    const worker = await thread;
    if (!worker || signal.aborted) return undefined;
    const id = (lastId += 1);
    const stopped = new Int32Array(new SharedArrayBuffer(4));
    const stop = (): void => {
      Atomics.store(stopped, 0, 1);
      // At once: the thread may be busy with another file
      give(id, undefined, worker);
    };
    signal.addEventListener('abort', stop, { once: true });
    const { promise, resolve } = Promise.withResolvers<FileDigest | undefined>();
    waiting.set(id, resolve);
    worker.ref();
    worker.postMessage({ id, file, fingerprintKey: fingerprintKey(), stopped } satisfies DigestJob, []);
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  };
}
