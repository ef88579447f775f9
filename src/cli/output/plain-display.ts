import { createCopyMeter } from './copy-meter.ts';
import type { CopyDisplay } from './copy-display.ts';
import { formatBytes, formatCount, formatDuration } from './format-quantity.ts';
import type { Sink } from './output.ts';
import { shortDigest } from './render-progress.ts';

/** A log hears of a long copy this often. */
const intervalMs = 15_000;

/** Shows a copy as lines, for logs: what is to be done, each blob when it is there, and a sign of life while a large one is under way. */
export function createPlainDisplay(stderr: Sink, now: () => number = () => performance.now()): CopyDisplay {
  const meter = createCopyMeter(now);
  const startedAtMs = now();
  const write = (line: string): void => void stderr.write(`${line}\n`);
  const timer = setInterval(() => {
    const { doneBytes, totalBytes, bytesPerSecond, remainingMs } = meter.read();
    const rate = bytesPerSecond === undefined ? '' : `, ${formatBytes(Math.round(bytesPerSecond))}/s`;
    write(
      `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}${rate}${remainingMs === undefined ? '' : `, ${formatDuration(remainingMs)} left`}`,
    );
  }, intervalMs);
  timer.unref();
  return {
    onEvent: (event) => {
      meter.onEvent(event);
      if (event.kind === 'plan') {
        const { blobs, bytes, skippedBlobs } = event.plan;
        write(`${formatCount(blobs, 'blob')} to send, ${formatBytes(bytes)}${skippedBlobs === 0 ? '' : `; ${skippedBlobs} there already`}`);
      } else if (event.kind === 'blob-done') {
        const { doneCount, blobCount } = meter.read();
        write(
          `${shortDigest(event.blob.digest)} sent, ${formatBytes(event.blob.size)} (${doneCount} of ${blobCount}, ${formatDuration(now() - startedAtMs)})`,
        );
      } else if (event.kind === 'packing') {
        write(`${formatCount(event.layers, 'layer')} to pack and send, ${formatBytes(event.bytes)}`);
      } else if (event.kind === 'layer-packed') {
        const { doneCount, blobCount } = meter.read();
        const sizes = `${formatBytes(event.layer.size)} as ${formatBytes(event.packed.size)}`;
        write(
          `${shortDigest(event.layer.digest)} packed and sent, ${sizes} (${doneCount} of ${blobCount}, ${formatDuration(now() - startedAtMs)})`,
        );
      } else if (event.kind === 'again') write('Something was collected meanwhile: looking at everything once more');
    },
    end: () => clearInterval(timer),
  };
}
