import type { TransferListener } from '../../transfer/events.ts';

/** Shows a copy under way, on standard error. */
export interface CopyDisplay {
  readonly onEvent: TransferListener;
  /** Takes away what is in motion. Nothing may be written to the terminal before, but through `onEvent`. */
  end(): void;
}

/** Whether blobs are sent away, or copied to here. */
export type CopyManner = 'send' | 'copy';

/** Shows nothing (`--quiet`). */
export const silentDisplay: CopyDisplay = { onEvent: () => {}, end: () => {} };
