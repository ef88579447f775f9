import { readFileSync, writeFileSync } from 'node:fs';
import { chooseTicks, escapeText } from '../../src/bench/format-plot.ts';

/** What a trace file (`--trace`) says of a span; times in microseconds. */
interface TraceEvent {
  readonly ph: 'X' | 'M';
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly name: string;
  readonly cat: string;
}

interface Box extends TraceEvent {
  /** Spans of its lane that it lies within. */
  readonly depth: number;
}

const width = 1200;
const margin = 12;
const top = 52;
const rowHeight = 15;
const laneGap = 3;
const letterWidth = 6;

/** Colours by what the span is of; each is read with black letters on it. */
const colours: Readonly<Record<string, string>> = {
  process: '#d1d9e0',
  command: '#c8e1ff',
  copy: '#b6d7ff',
  step: '#e1d5f7',
  blob: '#fde2b8',
  part: '#8fd19e',
  range: '#8fd19e',
  bucket: '#f4c2c2',
  request: '#ffe58a',
  retry: '#ff8a80',
  compress: '#f7b7e0',
  hash: '#b2ebf2',
};

/** A trace file as a picture: time from left to right, one band a lane, spans below those that they lie within. */
export function drawTrace(title: string, text: string): string {
  const spans = parseTrace(text);
  const endMs = Math.max(...spans.map(({ ts, dur }) => ts + dur)) / 1000;
  const boxes = nest(spans);
  const lanes = placeLanes(boxes);
  const height = lanes.bottom + 40;
  const x = (milliseconds: number): number => margin + (milliseconds / endMs) * (width - 2 * margin);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="10">`,
    `<title>${escapeText(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${margin}" y="22" font-size="15" font-weight="600">${escapeText(title)}</text>`,
    ...formatLegend(new Set(spans.map(({ cat }) => cat))),
    ...chooseTicks(endMs).map((tick) => formatTick(tick, x(tick), lanes.bottom)),
    ...boxes.map((box) => formatBox(box, (lanes.tops.get(box.tid) ?? top) + box.depth * rowHeight, x)),
    '</svg>',
    '',
  ].join('\n');
}

function parseTrace(text: string): readonly TraceEvent[] {
  const events = JSON.parse(text) as readonly TraceEvent[];
  const spans = events.filter(({ ph }) => ph === 'X');
  if (spans.length === 0) throw new Error('Cannot draw the trace: it has no spans');
  return spans;
}

/** In a file a span stands after those within it, and on one lane spans overlap only by lying within each other. */
function nest(spans: readonly TraceEvent[]): readonly Box[] {
  const open = new Map<number, TraceEvent[]>();
  const byStart = spans.toSorted((a, b) => a.ts - b.ts || b.dur - a.dur);
  return byStart.map((span) => {
    const around = (open.get(span.tid) ?? []).filter((outer) => outer.ts + outer.dur > span.ts);
    open.set(span.tid, [...around, span]);
    return { ...span, depth: around.length };
  });
}

function placeLanes(boxes: readonly Box[]): { readonly tops: ReadonlyMap<number, number>; readonly bottom: number } {
  const rows = new Map<number, number>();
  for (const { tid, depth } of boxes) rows.set(tid, Math.max(rows.get(tid) ?? 0, depth + 1));
  const tops = new Map<number, number>();
  let bottom = top;
  for (const [lane, count] of [...rows].toSorted(([a], [b]) => a - b)) {
    tops.set(lane, bottom);
    bottom += count * rowHeight + laneGap;
  }
  return { tops, bottom };
}

function formatLegend(categories: ReadonlySet<string>): readonly string[] {
  return [...categories].map((category, index) => {
    const x = margin + index * 84;
    return `<rect x="${x}" y="32" width="10" height="10" fill="${colourOf(category)}"/><text x="${x + 14}" y="41">${escapeText(category)}</text>`;
  });
}

function formatTick(tick: number, x: number, bottom: number): string {
  const at = x.toFixed(1);
  return `<path d="M${at} ${top}V${bottom}" stroke="#d1d9e0"/><text x="${at}" y="${bottom + 16}" font-size="11" text-anchor="${tick === 0 ? 'start' : 'middle'}">${tick} ms</text>`;
}

function formatBox({ ts, dur, name, cat }: Box, y: number, x: (milliseconds: number) => number): string {
  const left = x(ts / 1000);
  const boxWidth = Math.max(x((ts + dur) / 1000) - left, 0.7);
  const letters = Math.floor((boxWidth - 4) / letterWidth);
  const label = letters < 3 ? '' : `<text x="${(left + 2).toFixed(1)}" y="${y + 10}">${escapeText(name.slice(0, letters))}</text>`;
  const about = `<title>${escapeText(`${name}: ${(dur / 1000).toFixed(1)} ms`)}</title>`;
  const size = `x="${left.toFixed(1)}" y="${y}" width="${boxWidth.toFixed(1)}" height="${rowHeight - 1}"`;
  return `<rect ${size} fill="${colourOf(cat)}" stroke="#ffffff" stroke-width="0.4">${about}</rect>${label}`;
}

function colourOf(category: string): string {
  return colours[category] ?? '#d1d9e0';
}

if (import.meta.main) {
  const [from, to, title = 'bucketry'] = process.argv.slice(2);
  if (from === undefined || to === undefined) throw new Error('Usage: node bench/report/draw-trace.ts TRACE.json PICTURE.svg [TITLE]');
  writeFileSync(to, drawTrace(title, readFileSync(from, 'utf8')));
}
