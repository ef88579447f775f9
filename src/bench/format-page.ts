import type { BenchResult } from './bench-result.ts';
import type { Table } from './format-columns.ts';
import { escapeText } from './format-plot.ts';
import { formatHeading, formatResultPlot } from './format-result.ts';
import { createFullTable, createShortTable, explainTables } from './result-tables.ts';

const style = `
:root { color-scheme: light dark; --text: #1f2328; --back: #ffffff; --line: #d1d9e0; --faint: #59636e }
@media (prefers-color-scheme: dark) { :root { --text: #f0f6fc; --back: #0d1117; --line: #3d444d; --faint: #9198a1 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem } svg { max-width: 100%; height: auto }
.scroll { overflow-x: auto } table { border-collapse: collapse; margin: 1.5rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .8rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap } .right { text-align: right }
footer { color: var(--faint) }
`;

/** A result as one page that loads nothing. */
export function formatPage(result: BenchResult): string {
  const short = createShortTable(result);
  const heading = escapeText(formatHeading(result));
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<title>bucketry bench: ${heading}</title>`,
    `<style>${style}</style>`,
    `<h1>${heading}</h1>`,
    formatResultPlot(result) ?? '<p>No run ended well.</p>',
    ...(short === undefined ? [] : [formatTable(short)]),
    formatTable(createFullTable(result)),
    `<ul>${explainTables(result)
      .map((line) => `<li>${escapeText(line)}</li>`)
      .join('\n')}</ul>`,
    `<footer>${escapeText(`${result.date}, ${result.machine}`)}</footer>`,
    '</html>',
    '',
  ].join('\n');
}

function formatTable({ columns, rows }: Table): string {
  const classOf = (index: number): string => (columns[index]?.align === 'right' ? ' class="right"' : '');
  const head = columns.map(({ title }, index) => `<th${classOf(index)}>${escapeText(title)}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell, index) => `<td${classOf(index)}>${escapeText(cell)}</td>`).join('')}</tr>`);
  return `<div class="scroll"><table><tr>${head}</tr>\n${body.join('\n')}</table></div>`;
}
