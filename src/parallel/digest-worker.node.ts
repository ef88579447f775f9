import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { createFingerprint } from '../streams/fingerprint.ts';
import { createHasher } from '../streams/hasher.ts';
import type { FileDigest, FileToDigest } from './file-digest.ts';

/** What the thread is asked. */
export interface DigestJob {
  readonly id: number;
  readonly file: FileToDigest;
  readonly fingerprintKey: Uint8Array;
  /** Shared; another number than 0 ends the job. */
  readonly stopped: Int32Array;
}

/** What it answers. */
export interface DigestAnswer {
  readonly id: number;
  readonly result: FileDigest | undefined;
}

/** What the processor's cache holds between the reading and the digesting. */
const chunkBytes = 256 * 1024;
const buffer = new Uint8Array(chunkBytes);

function digestFile({ file, fingerprintKey, stopped }: DigestJob): FileDigest | undefined {
  const beganAtMs = performance.now();
  const hasher = createHasher(file.algorithm);
  const fingerprints: string[] = [];
  const descriptor = openSync(file.path, 'r');
  try {
    let position = 0;
    for (const end of file.partEnds) {
      const fingerprint = createFingerprint(fingerprintKey);
      while (position < end) {
        if (Atomics.load(stopped, 0) !== 0) return undefined;
        const bytesRead = readSync(descriptor, buffer, 0, Math.min(chunkBytes, end - position), file.start + position);
        if (bytesRead === 0) return undefined;
        const chunk = buffer.subarray(0, bytesRead);
        hasher.update(chunk);
        fingerprint.update(chunk);
        position += bytesRead;
      }
      fingerprints.push(fingerprint.value());
    }
    return { digest: hasher.hex(), fingerprints, busyMs: performance.now() - beganAtMs };
  } finally {
    closeSync(descriptor);
  }
}

function answer(job: DigestJob): DigestAnswer {
  try {
    return { id: job.id, result: digestFile(job) };
  } catch {
    return { id: job.id, result: undefined };
  }
}

parentPort?.on('message', (job: DigestJob) => parentPort?.postMessage(answer(job), []));
