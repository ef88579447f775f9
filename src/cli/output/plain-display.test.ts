import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Descriptor } from '../../oci/descriptor.ts';
import { parseDigest } from '../../oci/digest.ts';
import type { CopyManner } from './copy-display.ts';
import { createPlainDisplay } from './plain-display.ts';

const mebibyte = 2 ** 20;
const blob: Descriptor = { mediaType: 'application/octet-stream', digest: parseDigest(`sha256:${'a'.repeat(64)}`), size: 40 * mebibyte };

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

/** What a log says of a copy of one blob, of which some was there already. */
function follow(manner: CopyManner, keptBytes: number): string[] {
  const lines: string[] = [];
  const stderr = { write: (line: string | Uint8Array) => void lines.push(String(line)) };
  const display = createPlainDisplay(stderr, { manner, countConnections: () => 5 }, () => Date.now());
  display.onEvent({ kind: 'plan', plan: { blobs: 1, bytes: blob.size, skippedBlobs: 2, skippedBytes: 7, foreignLayers: 0, manifests: 1 } });
  display.onEvent({ kind: 'blob-started', blob });
  if (keptBytes > 0) display.onEvent({ kind: 'blob-resumed', blob, bytes: keptBytes });
  display.onEvent({ kind: 'blob-progress', blob, bytes: 15 * mebibyte });
  vi.advanceTimersByTime(15_000);
  display.onEvent({ kind: 'blob-done', blob });
  display.end();
  vi.advanceTimersByTime(60_000);
  return lines;
}

it('tells a log of a push: what is to do, a sign of life, what was done and resumed', () => {
  expect(follow('send', 10 * mebibyte)).toEqual([
    '1 blob to send, 40.0 MiB; 2 there already\n',
    '25.0 MiB of 40.0 MiB, 1.0 MiB/s, 5 connections, 15 s left\n',
    'aaaaaaaaaaaa sent, 40.0 MiB, of which 10.0 MiB were there already (1 of 1, 15 s)\n',
  ]);
});

it('speaks of copying where nothing is sent away', () => {
  const [plan, , done] = follow('copy', 0);
  expect([plan, done]).toEqual(['1 blob to copy, 40.0 MiB; 2 there already\n', 'aaaaaaaaaaaa copied, 40.0 MiB (1 of 1, 15 s)\n']);
});
