import type { ContestantResult, ScenarioResult } from '../results.ts';
import { scenarios } from '../scenarios.ts';
import { summarize } from '../../src/bench/statistics.ts';

const width = 720;
const labelWidth = 150;
const valueWidth = 150;
const rowHeight = 26;
const barHeight = 14;
const top = 44;
const mebibyte = 2 ** 20;

/** A bar of each contestant's median seconds, with a line from its fastest to its slowest run, as an SVG that needs no fonts or scripts of its own. */
export function formatPlot(result: ScenarioResult): string {
  const { contestants, shape, scenario } = result;
  const longest = Math.max(...contestants.map(({ runs }) => summarize(runs.map(({ wallMs }) => wallMs)).max));
  const scale = (width - labelWidth - valueWidth) / longest;
  const height = top + contestants.length * rowHeight + 10;
  const title = `${scenarios[scenario].title}, ${shape === undefined ? 'unshaped' : `${shape.mibPerConnection} MiB/s a connection, ${shape.rttMs} ms`}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13">`,
    `<title>${escapeText(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="12" y="24" font-size="15" font-weight="600" fill="#1f2328">${escapeText(title)}</text>`,
    ...contestants.map((contestant, index) => formatBar(contestant, { index, scale, movedBytes: result.movedBytes })),
    '</svg>',
    '',
  ].join('\n');
}

function formatBar(
  { name, runs }: ContestantResult,
  { index, scale, movedBytes }: { index: number; scale: number; movedBytes: number | undefined },
): string {
  const { min, median, max } = summarize(runs.map(({ wallMs }) => wallMs));
  const y = top + index * rowHeight;
  const middle = y + barHeight / 2;
  const x = (ms: number): string => (labelWidth + ms * scale).toFixed(1);
  const rate = movedBytes === undefined ? '' : `, ${(movedBytes / mebibyte / (median / 1000)).toFixed(0)} MiB/s`;
  const fill = index === 0 ? '#0969da' : '#8c959f';
  return [
    `<text x="${labelWidth - 8}" y="${middle + 4}" text-anchor="end" fill="#1f2328">${escapeText(name)}</text>`,
    `<rect x="${labelWidth}" y="${y}" width="${(median * scale).toFixed(1)}" height="${barHeight}" fill="${fill}"/>`,
    `<path d="M${x(min)} ${middle}H${x(max)}M${x(min)} ${middle - 4}v8M${x(max)} ${middle - 4}v8" stroke="#1f2328" fill="none"/>`,
    `<text x="${Number(x(max)) + 8}" y="${middle + 4}" fill="#1f2328">${(median / 1000).toFixed(2)} s${rate}</text>`,
  ].join('\n');
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
