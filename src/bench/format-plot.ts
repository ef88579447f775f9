import type { Spread } from './statistics.ts';

/** One who was measured. */
export interface PlotBar {
  readonly name: string;
  readonly seconds: Spread;
  /** Stands behind the bar: `1.20 s, 165 MiB/s`. */
  readonly value: string;
  /** One of ours, which are drawn in another colour. */
  readonly isOwn: boolean;
}

export interface Plot {
  readonly title: string;
  /** Under what circumstances; stands below everything else. */
  readonly note?: string | undefined;
  /** In the order from top to bottom. */
  readonly bars: readonly PlotBar[];
}

const width = 760;
const margin = 14;
const rowHeight = 28;
const barHeight = 14;
const top = 48;
const bottom = 52;
const noteHeight = 18;
/** A letter of 13 px in fonts that nobody knows before: rather too wide than too narrow. */
const letterWidth = 7.6;
const mostTicks = 6;
const tickSteps = [1, 2, 5, 10] as const;
const caption = 'seconds, from the start of the process to its exit · bar: median · line: fastest to slowest run';

/** Colours for both schemes; the classes have a prefix, since a page's styles and these are one where the plot stands in a page. */
const style = `
.bkt-back { fill: #ffffff } .bkt-text { fill: #1f2328 } .bkt-faint { fill: #59636e } .bkt-grid { stroke: #d1d9e0 }
.bkt-own { fill: #0969da } .bkt-other { fill: #8c959f } .bkt-range { stroke: #1f2328; fill: none }
@media (prefers-color-scheme: dark) {
.bkt-back { fill: #0d1117 } .bkt-text { fill: #f0f6fc } .bkt-faint { fill: #9198a1 } .bkt-grid { stroke: #3d444d }
.bkt-own { fill: #4493f8 } .bkt-other { fill: #6e7681 } .bkt-range { stroke: #f0f6fc }
}`;

/** A bar of each one's median seconds, with a line from the fastest to the slowest run, as an SVG that needs no fonts, scripts or files of its own. */
export function formatPlot({ title, note, bars }: Plot): string {
  const captionY = top + bars.length * rowHeight + bottom - 12;
  const height = captionY + 12 + (note === undefined ? 0 : noteHeight);
  const longest = Math.max(...bars.map(({ seconds }) => seconds.max));
  const left = margin + widthOf(bars.map(({ name }) => name)) + 10;
  const right = margin + widthOf(bars.map(({ value }) => value)) + 12;
  const scale = (width - left - right) / longest;
  const x = (seconds: number): string => (left + seconds * scale).toFixed(1);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="13">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${style}</style>`,
    `<rect class="bkt-back" width="${width}" height="${height}"/>`,
    `<text class="bkt-text" x="${margin}" y="26" font-size="15" font-weight="600">${escapeText(title)}</text>`,
    ...chooseTicks(longest).map((tick) => formatTick(tick, x(tick), top + bars.length * rowHeight)),
    ...bars.map((bar, index) => formatBar(bar, top + index * rowHeight + (rowHeight - barHeight) / 2, left, x)),
    formatSmallLine(caption, captionY),
    ...(note === undefined ? [] : [formatSmallLine(note, captionY + noteHeight)]),
    '</svg>',
    '',
  ].join('\n');
}

function formatSmallLine(text: string, y: number): string {
  return `<text class="bkt-faint" x="${margin}" y="${y}" font-size="12">${escapeText(text)}</text>`;
}

/** Round numbers from 0 up to the longest, at even distances. */
export function chooseTicks(longest: number): readonly number[] {
  const magnitude = 10 ** Math.floor(Math.log10(longest / mostTicks));
  const step = (tickSteps.find((factor) => longest / (factor * magnitude) <= mostTicks) ?? 10) * magnitude;
  // The step is no sum of powers of two: what is added up would drift.
  return Array.from({ length: Math.floor(longest / step) + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

function formatTick(tick: number, x: string, bottomOfBars: number): string {
  return [
    `<path class="bkt-grid" d="M${x} ${top}V${bottomOfBars + 4}"/>`,
    `<text class="bkt-faint" x="${x}" y="${bottomOfBars + 18}" font-size="12" text-anchor="middle">${tick}</text>`,
  ].join('\n');
}

function formatBar({ name, seconds, value, isOwn }: PlotBar, y: number, left: number, x: (seconds: number) => string): string {
  const { min, median, max } = seconds;
  const middle = y + barHeight / 2;
  const barWidth = (Number(x(median)) - left).toFixed(1);
  return [
    `<text class="bkt-text" x="${left - 8}" y="${middle + 4}" text-anchor="end">${escapeText(name)}</text>`,
    `<rect class="${isOwn ? 'bkt-own' : 'bkt-other'}" x="${left}" y="${y}" width="${barWidth}" height="${barHeight}"/>`,
    `<path class="bkt-range" d="M${x(min)} ${middle}H${x(max)}M${x(min)} ${middle - 4}v8M${x(max)} ${middle - 4}v8"/>`,
    `<text class="bkt-text" x="${(Number(x(max)) + 8).toFixed(1)}" y="${middle + 4}">${escapeText(value)}</text>`,
  ].join('\n');
}

function widthOf(texts: readonly string[]): number {
  return Math.ceil(Math.max(...texts.map((text) => text.length)) * letterWidth);
}

/** A text for a place in SVG or HTML where no markup is meant. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
