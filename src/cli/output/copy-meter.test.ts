import { describe, expect, it } from 'vitest';
import type { Descriptor } from '../../oci/descriptor.ts';
import { parseDigest } from '../../oci/digest.ts';
import { createCopyMeter } from './copy-meter.ts';
import { renderProgress } from './render-progress.ts';

const mebibyte = 2 ** 20;

const blobOf = (character: string, size: number): Descriptor => ({
  mediaType: 'application/octet-stream',
  digest: parseDigest(`sha256:${character.repeat(64)}`),
  size,
});

/** A meter on a clock that stands still until told, told of events in short. */
function measured(countConnections?: () => number) {
  let nowMs = 0;
  const meter = createCopyMeter(() => nowMs, countConnections);
  return {
    read: () => meter.read(),
    wait: (durationMs: number) => void (nowMs += durationMs),
    plan: (blobs: number, bytes: number, skippedBlobs = 0) =>
      meter.onEvent({ kind: 'plan', plan: { blobs, bytes, skippedBlobs, skippedBytes: 0, foreignLayers: 0, manifests: 1 } }),
    start: (blob: Descriptor) => meter.onEvent({ kind: 'blob-started', blob }),
    advance: (blob: Descriptor, bytes: number) => meter.onEvent({ kind: 'blob-progress', blob, bytes }),
    pack: (layers: number, bytes: number) => meter.onEvent({ kind: 'packing', layers, bytes }),
    packed: (layer: Descriptor, packed: Descriptor) => meter.onEvent({ kind: 'layer-packed', layer, packed }),
    resume: (blob: Descriptor, bytes: number) => meter.onEvent({ kind: 'blob-resumed', blob, bytes }),
    finish: (blob: Descriptor) => meter.onEvent({ kind: 'blob-done', blob }),
  };
}

describe('createCopyMeter', () => {
  it('counts what is done against what is planned', () => {
    const { plan, start, advance, finish, read } = measured();
    const [done, active] = [blobOf('a', 50), blobOf('b', 30)];
    plan(3, 100, 4);
    start(done);
    advance(done, 50);
    finish(done);
    start(active);
    advance(active, 12);
    expect(read()).toMatchObject({ doneBytes: 62, totalBytes: 100, doneCount: 1, blobCount: 3, skippedCount: 4 });
    expect(read().active).toEqual([{ digest: active.digest, size: 30, sentBytes: 12 }]);
  });

  it('counts layers that are packed by what was read of them, and then what is left to send', () => {
    const { plan, start, advance, read, pack, packed } = measured();
    const layer = blobOf('a', 80);
    pack(2, 100);
    start(layer);
    advance(layer, 70);
    expect(read()).toMatchObject({ doneBytes: 70, totalBytes: 100, doneCount: 0, blobCount: 2 });
    advance(layer, 10);
    packed(layer, blobOf('b', 30));
    expect(read()).toMatchObject({ doneBytes: 80, totalBytes: 100, doneCount: 1, blobCount: 2, active: [] });
    plan(1, 7);
    expect(read()).toMatchObject({ doneBytes: 0, totalBytes: 7, doneCount: 0, blobCount: 1 });
  });

  it('tells the rate of the last seconds, not of the whole copy', () => {
    const { plan, start, advance, read, wait } = measured();
    const blob = blobOf('a', 1000 * mebibyte);
    plan(1, blob.size);
    start(blob);
    for (const [seconds, rate] of [
      [10, 10],
      [6, 50],
    ] as const) {
      for (let second = 0; second < seconds; second += 1) {
        wait(1000);
        advance(blob, rate * mebibyte);
        read();
      }
    }
    expect(read().bytesPerSecond).toBeCloseTo(50 * mebibyte, -3);
    expect(read().remainingMs).toBeCloseTo(((1000 - 400) / 50) * 1000, 0);
  });

  it('says no rate before there is one, and no time left while nothing moves', () => {
    const { plan, read, wait } = measured();
    plan(1, 100);
    expect(read()).toMatchObject({ bytesPerSecond: undefined, remainingMs: undefined });
    wait(10_000);
    expect(read()).toMatchObject({ bytesPerSecond: 0, remainingMs: undefined });
  });

  it('counts what an earlier copy left as done, and as none of the rate', () => {
    const { plan, start, resume, advance, read, wait } = measured(() => 3);
    const blob = blobOf('a', 100);
    plan(1, 100);
    start(blob);
    resume(blob, 40);
    wait(1000);
    advance(blob, 20);
    expect(read()).toMatchObject({ doneBytes: 60, resumedBytes: 40, bytesPerSecond: 20, remainingMs: 2000, connections: 3 });
  });

  it('takes back what is sent again, and begins anew with a new plan', () => {
    const { plan, start, advance, finish, read } = measured();
    const blob = blobOf('a', 100);
    plan(1, 100);
    start(blob);
    advance(blob, 60);
    advance(blob, -60);
    expect(read().doneBytes).toBe(0);
    finish(blob);
    plan(2, 200);
    expect(read()).toMatchObject({ doneBytes: 0, doneCount: 0, totalBytes: 200, active: [] });
  });
});

describe('renderProgress', () => {
  it.each([20, 40, 60, 80, 200])('keeps within %d columns, however much is under way', (columns) => {
    const { plan, start, resume, advance, read, wait } = measured(() => 64);
    plan(40, 2 ** 45, 3);
    const blobs = Array.from('0123456789ab', (character) => blobOf(character, 2 ** 40 - 1));
    for (const blob of blobs) start(blob);
    wait(1000);
    for (const blob of blobs) resume(blob, 2 ** 30);
    for (const blob of blobs) advance(blob, 2 ** 39);
    const lines = renderProgress(read(), columns);
    expect(lines).toHaveLength(8 + 1 + 1 + 2);
    for (const line of lines) expect(line.length).toBeLessThan(columns);
  });

  it('draws a bar for each blob, one for the whole, and a line of figures', () => {
    const { plan, start, advance, finish, read, wait } = measured();
    const [done, active] = [blobOf('b', 10 * mebibyte), blobOf('a', 30 * mebibyte)];
    plan(2, 40 * mebibyte, 1);
    start(done);
    finish(done);
    start(active);
    wait(2000);
    advance(active, 15 * mebibyte);
    expect(renderProgress(read(), 60)).toEqual([
      '  aaaaaaaaaaaa  █████████████░░░░░░░░░░░░░   50%   30.0 MiB',
      '  total         ████████████████░░░░░░░░░░   62%   40.0 MiB',
      '  1 of 2 · 7.5 MiB/s · 2.0 s left',
      '  1 there already',
    ]);
  });

  it('has room for all figures at their widest in 60 columns', () => {
    const { plan, start, resume, advance, read, wait } = measured(() => 64);
    const blob = blobOf('a', 1023 * 2 ** 40);
    plan(1234, blob.size, 1234);
    start(blob);
    resume(blob, 1023 * 2 ** 30);
    wait(1000);
    advance(blob, 1023 * mebibyte);
    const [, , pace = '', rest = ''] = renderProgress(read(), 60);
    expect(pace).toMatch(/^ {2}0 of 1234 · 1023 MiB\/s · \d+ h \d\d min left$/);
    expect(rest).toBe('  64 connections · 1234 there already · 1023 GiB resumed');
  });
});
