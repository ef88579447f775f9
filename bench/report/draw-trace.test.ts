import { expect, test } from 'vitest';
import { drawTrace } from './draw-trace.ts';

const span = (tid: number, startMs: number, durationMs: number, name: string, cat: string): object => ({
  ph: 'X',
  pid: 1,
  tid,
  ts: startMs * 1000,
  dur: durationMs * 1000,
  name,
  cat,
});

/** Where the boxes stand whose tooltips begin so: their top left corners. */
function placesOf(svg: string, name: string): readonly (readonly [x: number, y: number])[] {
  const boxes = svg.matchAll(/<rect x="([\d.]+)" y="(\d+)"[^>]*><title>([^<]*)<\/title>/g);
  return [...boxes].filter(([, , , about]) => about?.startsWith(name)).map(([, x, y]) => [Number(x), Number(y)] as const);
}

test('spans stand below those that they lie within, and lanes below each other', () => {
  const events = [
    { ph: 'M', pid: 1, name: 'process_name', args: { name: 'bucketry' } },
    span(1, 10, 40, 'part 1', 'part'),
    span(2, 10, 40, 'part 2', 'part'),
    span(1, 0, 100, 'copy', 'copy'),
  ];
  const svg = drawTrace('a push', JSON.stringify(events));
  const [[copyX, copyY] = [0, 0]] = placesOf(svg, 'copy');
  const [[firstX, firstY] = [0, 0]] = placesOf(svg, 'part 1');
  const [[secondX, secondY] = [0, 0]] = placesOf(svg, 'part 2');
  expect(firstX).toBeGreaterThan(copyX);
  expect(firstY).toBeGreaterThan(copyY);
  expect(secondX).toBe(firstX);
  expect(secondY).toBeGreaterThan(firstY);
});

test('names are written where there is room, and never as markup', () => {
  const svg = drawTrace('<b>', JSON.stringify([span(1, 0, 100, '<script>', 'request'), span(1, 100, 0.01, 'short', 'request')]));
  expect(svg).not.toContain('<script>');
  expect(svg).toContain('>&lt;script&gt;</text>');
  expect(svg).not.toContain('>short</text>');
});

test('a trace without spans is refused', () => {
  expect(() => drawTrace('nothing', '[]')).toThrow('no spans');
});
