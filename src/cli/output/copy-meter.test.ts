import { describe, expect, it } from 'vitest';
import { createCopyMeter } from './copy-meter.ts';
import { renderProgress } from './render-progress.ts';

const mebibyte = 2 ** 20;

function measured() {
  let nowMs = 0;
  const meter = createCopyMeter(() => nowMs);
  return { meter, wait: (durationMs: number) => void (nowMs += durationMs) };
}

describe('createCopyMeter', () => {
  it('counts what was sent and what was there, against what was planned', () => {
    const { meter } = measured();
    meter.plan(3, 100);
    meter.finish('sha256:a', 50, 'skipped');
    meter.start('sha256:b', 30);
    meter.advance('sha256:b', 12);
    expect(meter.read()).toMatchObject({ doneBytes: 62, totalBytes: 100, doneCount: 1, skippedCount: 1, blobCount: 3 });
  });

  it('tells the rate of the last seconds, not of the whole copy', () => {
    const { meter, wait } = measured();
    meter.plan(1, 1000 * mebibyte);
    meter.start('sha256:a', 1000 * mebibyte);
    for (let second = 0; second < 10; second += 1) {
      wait(1000);
      meter.advance('sha256:a', 10 * mebibyte);
      meter.read();
    }
    for (let second = 0; second < 6; second += 1) {
      wait(1000);
      meter.advance('sha256:a', 50 * mebibyte);
      meter.read();
    }
    expect(meter.read().bytesPerSecond).toBeCloseTo(50 * mebibyte, -3);
    expect(meter.read().remainingMs).toBeCloseTo(((1000 - 400) / 50) * 1000, 0);
  });

  it('says no rate before there is one, and no time left while nothing moves', () => {
    const { meter, wait } = measured();
    meter.plan(1, 100);
    expect(meter.read()).toMatchObject({ bytesPerSecond: undefined, remainingMs: undefined });
    wait(10_000);
    expect(meter.read()).toMatchObject({ bytesPerSecond: 0, remainingMs: undefined });
  });

  it('takes back what is sent again', () => {
    const { meter } = measured();
    meter.plan(1, 100);
    meter.start('sha256:a', 100);
    meter.advance('sha256:a', 60);
    meter.advance('sha256:a', -60);
    expect(meter.read().doneBytes).toBe(0);
  });
});

describe('renderProgress', () => {
  it.each([20, 40, 60, 80, 200])('keeps within %d columns, however much is under way', (columns) => {
    const { meter, wait } = measured();
    meter.plan(40, 2 ** 45);
    for (let index = 0; index < 12; index += 1) meter.start(`sha256:${String(index).padStart(64, 'f')}`, 2 ** 40 - 1);
    meter.finish('sha256:skipped', 5, 'skipped');
    wait(1000);
    meter.advance(`sha256:${'11'.padStart(64, 'f')}`, 2 ** 39);
    const lines = renderProgress(meter.read(), columns);
    expect(lines).toHaveLength(8 + 1 + 2);
    for (const line of lines) expect(line.length).toBeLessThan(columns);
  });

  it('draws a bar for each blob, one for the whole, and a line of figures', () => {
    const { meter, wait } = measured();
    meter.plan(2, 40 * mebibyte);
    meter.finish(`sha256:${'b'.repeat(64)}`, 10 * mebibyte, 'skipped');
    meter.start(`sha256:${'a'.repeat(64)}`, 30 * mebibyte);
    wait(2000);
    meter.advance(`sha256:${'a'.repeat(64)}`, 15 * mebibyte);
    expect(renderProgress(meter.read(), 60)).toEqual([
      '  aaaaaaaaaaaa  █████████████░░░░░░░░░░░░░   50%   30.0 MiB',
      '  total         ████████████████░░░░░░░░░░   62%   40.0 MiB',
      '  1 of 2 · 7.5 MiB/s · 2.0 s left · 1 there already',
    ]);
  });
});
