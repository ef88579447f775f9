import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseTicks, formatPlot } from './format-plot.ts';
import type { Plot } from './format-plot.ts';

const plot: Plot = {
  title: 'One layer of 8 MiB',
  bars: [
    { name: 'slow & <steady>', seconds: { min: 1, median: 2, max: 4 }, value: '2.00 s, 4 MiB/s', isOwn: false },
    { name: 'ours', seconds: { min: 0.4, median: 0.5, max: 0.6 }, value: '0.50 s, 16 MiB/s', isOwn: true },
  ],
};

test('a plot has a title, a labelled axis, and each one with a bar, a range and a value', async () => {
  await expect(formatPlot(plot)).toMatchFileSnapshot('fixtures/plot.svg');
});

test('bars are as long as medians, and nothing leaves the picture', () => {
  const text = formatPlot(plot);
  const widths = [...text.matchAll(/class="bkt-(?:own|other)" x="\d+" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect(widths).toHaveLength(2);
  expect(widths[0]! / widths[1]!).toBeCloseTo(4, 1);
  const lastX = Math.max(...[...text.matchAll(/ x="([\d.]+)"/g)].map(([, x]) => Number(x)));
  expect(lastX).toBeLessThan(760);
});

test('names are text, never markup', () => {
  expect(formatPlot(plot)).toContain('slow &amp; &lt;steady&gt;');
});

test('a plot loads nothing', () => {
  expect(formatPlot(plot).replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|href|url\(|@import/);
});

test('ticks are round, even, begin at 0 and are few but never none', () => {
  expect(chooseTicks(7.3)).toEqual([0, 2, 4, 6]);
  expect(chooseTicks(0.29)).toEqual([0, 0.05, 0.1, 0.15, 0.2, 0.25]);
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 100_000, noNaN: true }), (longest) => {
      const ticks = chooseTicks(longest);
      expect(ticks[0]).toBe(0);
      expect(ticks.at(-1)).toBeLessThanOrEqual(longest);
      expect(ticks.length).toBeGreaterThanOrEqual(3);
      expect(ticks.length).toBeLessThanOrEqual(7);
    }),
  );
});
