import type { TransferListener } from '../../transfer/events.ts';

/** Shows a copy under way, on standard error. */
export interface CopyDisplay {
  readonly onEvent: TransferListener;
  /** Takes away what is in motion. Nothing may be written to the terminal before, but through `onEvent`. */
  end(): void;
}

/** Shows nothing (`--quiet`). */
export const silentDisplay: CopyDisplay = { onEvent: () => {}, end: () => {} };
