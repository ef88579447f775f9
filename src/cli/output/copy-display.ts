import type { CopyMeter } from './copy-meter.ts';

/** Shows a copy under way. What happens is told to `meter`; `end` removes or completes what is shown. */
export interface CopyDisplay {
  readonly meter: CopyMeter;
  end(): void;
}
