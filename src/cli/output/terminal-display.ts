import { createLogUpdate } from 'log-update';
import type { CopyDisplay } from './copy-display.ts';
import type { FollowOptions } from './output.ts';
import { createCopyMeter } from './copy-meter.ts';
import { renderProgress } from './render-progress.ts';

const intervalMs = 100;

/** Shows a copy as bars that are drawn again ten times a second and leave nothing behind: the result says what was done. */
export function createTerminalDisplay(stderr: NodeJS.WriteStream, { countConnections }: FollowOptions): CopyDisplay {
  const meter = createCopyMeter(() => performance.now(), countConnections);
  const update = createLogUpdate(stderr);
  let isPlanned = false;
  const timer = setInterval(() => {
    if (isPlanned) update(renderProgress(meter.read(), stderr.columns || 80).join('\n'));
  }, intervalMs);
  timer.unref();
  return {
    onEvent: (event) => {
      meter.onEvent(event);
      isPlanned ||= event.kind === 'plan' || event.kind === 'packing';
    },
    end: () => {
      clearInterval(timer);
      update.clear();
      update.done();
    },
  };
}
