import { type CopyProgress, createCopyMeter } from './copy-meter.ts';
import type { CopyDisplay, CopyManner } from './copy-display.ts';
import { formatBytes, formatCount, formatDuration } from './format-quantity.ts';
import type { FollowOptions, Sink } from './output.ts';
import { shortDigest } from './render-progress.ts';

/** A log hears of a long copy this often. */
const intervalMs = 15_000;

const participles: Readonly<Record<CopyManner, string>> = { send: 'sent', copy: 'copied' };

/** Shows a copy as lines, for logs: what is to be done, each blob when it is there, and a sign of life while a large one is under way. */
export function createPlainDisplay(
  stderr: Sink,
  { manner, countConnections }: FollowOptions,
  now: () => number = () => performance.now(),
): CopyDisplay {
  const meter = createCopyMeter(now, countConnections);
  const done = participles[manner];
  const startedAtMs = now();
  const resumed = new Map<string, number>();
  const write = (line: string): void => void stderr.write(`${line}\n`);
  const timer = setInterval(() => {
    write(formatSignOfLife(meter.read()));
  }, intervalMs);
  timer.unref();
  return {
    onEvent: (event) => {
      meter.onEvent(event);
      if (event.kind === 'plan') {
        const { blobs, bytes, skippedBlobs } = event.plan;
        write(
          `${formatCount(blobs, 'blob')} to ${manner}, ${formatBytes(bytes)}${skippedBlobs === 0 ? '' : `; ${skippedBlobs} there already`}`,
        );
      } else if (event.kind === 'blob-done') {
        const { doneCount, blobCount } = meter.read();
        const kept = resumed.get(event.blob.digest);
        const size = `${formatBytes(event.blob.size)}${kept === undefined ? '' : `, of which ${formatBytes(kept)} were there already`}`;
        write(`${shortDigest(event.blob.digest)} ${done}, ${size} (${doneCount} of ${blobCount}, ${formatDuration(now() - startedAtMs)})`);
      } else if (event.kind === 'blob-resumed') {
        resumed.set(event.blob.digest, (resumed.get(event.blob.digest) ?? 0) + event.bytes);
      } else if (event.kind === 'packing') {
        write(`${formatCount(event.layers, 'layer')} to pack and ${manner}, ${formatBytes(event.bytes)}`);
      } else if (event.kind === 'layer-packed') {
        const { doneCount, blobCount } = meter.read();
        const sizes = `${formatBytes(event.layer.size)} as ${formatBytes(event.packed.size)}`;
        write(
          `${shortDigest(event.layer.digest)} packed and ${done}, ${sizes} (${doneCount} of ${blobCount}, ${formatDuration(now() - startedAtMs)})`,
        );
      } else if (event.kind === 'again') write('Something was collected meanwhile: looking at everything once more');
    },
    end: () => clearInterval(timer),
  };
}

function formatSignOfLife({ doneBytes, totalBytes, bytesPerSecond, remainingMs, connections }: CopyProgress): string {
  const parts = [`${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`];
  if (bytesPerSecond !== undefined) parts.push(`${formatBytes(Math.round(bytesPerSecond))}/s`);
  if (connections !== undefined) parts.push(formatCount(connections, 'connection'));
  if (remainingMs !== undefined) parts.push(`${formatDuration(remainingMs)} left`);
  return parts.join(', ');
}
