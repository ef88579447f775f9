import type { CopyProgress } from './copy-meter.ts';
import { formatBytes, formatCount, formatDuration } from './format-quantity.ts';

const maxRows = 8;
const labelWidth = 12;
/** Everything in a row but the bar: indent, label, percentage, size and the gaps between them. */
const fixedWidth = 2 + labelWidth + 2 + 2 + 4 + 2 + 9;
const maxBarWidth = 40;
const leastRemainingMs = 100;

/**
 * Draws a copy's state as lines of less than `columns` characters: one bar for each blob under way (at most eight), one for the whole, a line with the rate and the time
 * left, and one with what else there is to know.
 */
export function renderProgress(progress: CopyProgress, columns: number): string[] {
  const barWidth = Math.min(maxBarWidth, columns - 1 - fixedWidth);
  const rows = progress.active.slice(0, maxRows).map((blob) => renderRow(shortDigest(blob.digest), blob.sentBytes, blob.size, barWidth));
  const hidden = progress.active.length - maxRows;
  if (hidden > 0) rows.push(`  and ${hidden} more`);
  return [...rows, renderRow('total', progress.doneBytes, progress.totalBytes, barWidth), ...renderFigures(progress)].map((line) =>
    line.slice(0, Math.max(0, columns - 1)),
  );
}

/** The first twelve characters of what follows the digest's colon, as other tools show it. */
export function shortDigest(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1, digest.indexOf(':') + 1 + labelWidth);
}

function renderRow(label: string, done: number, total: number, barWidth: number): string {
  const fraction = total === 0 ? 1 : Math.min(1, Math.max(0, done / total));
  const parts = [
    label.padEnd(labelWidth),
    renderBar(fraction, barWidth),
    `${Math.floor(fraction * 100)}%`.padStart(4),
    formatBytes(total).padStart(9),
  ];
  return `  ${parts.filter((part) => part !== '').join('  ')}`;
}

function renderBar(fraction: number, width: number): string {
  if (width < 5) return '';
  const full = Math.floor(fraction * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

function renderFigures({
  bytesPerSecond,
  remainingMs,
  doneCount,
  blobCount,
  skippedCount,
  resumedBytes,
  connections,
}: CopyProgress): string[] {
  const pace = [`${doneCount} of ${blobCount}`];
  if (bytesPerSecond !== undefined) pace.push(`${formatBytes(Math.round(bytesPerSecond))}/s`);
  // At the end the store puts parts together: nobody knows how long.
  if (remainingMs !== undefined && remainingMs >= leastRemainingMs) pace.push(`${formatDuration(remainingMs)} left`);
  const rest: string[] = [];
  if (connections !== undefined) rest.push(formatCount(connections, 'connection'));
  if (skippedCount > 0) rest.push(`${skippedCount} there already`);
  if (resumedBytes > 0) rest.push(`${formatBytes(resumedBytes)} resumed`);
  return [pace, rest].filter((parts) => parts.length > 0).map((parts) => `  ${parts.join(' · ')}`);
}
