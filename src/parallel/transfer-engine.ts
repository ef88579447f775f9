import type { Clock } from '../streams/clock.ts';
import { type ByteBudget, createByteBudget } from './byte-budget.ts';
import { type ConnectionController, createConnectionController } from './connection-controller.ts';
import type { DigestFile } from './file-digest.ts';
import { createRateLimit } from './rate-limit.ts';

/** What all transfers of a process share. */
export interface TransferEngine {
  readonly connections: ConnectionController;
  readonly budget: ByteBudget;
  readonly digestFile?: DigestFile | undefined;
}

export interface TransferEngineOptions {
  readonly clock: Clock;
  /** Bodies on their way at once, at most; found out, if left out. */
  readonly maxConnections?: number | undefined;
  /** Bytes of parts in memory; 128 MiB if left out. */
  readonly memoryBytes?: number | undefined;
  /** For all bodies together, both ways; no bound if left out. */
  readonly maxBytesPerSecond?: number | undefined;
  /** Digests files beside the thread that sends them; in it, if left out. */
  readonly digestFile?: DigestFile | undefined;
}

/** Makes the one engine of a process: two of them would each take the whole link, and the whole memory. */
export function createTransferEngine(options: TransferEngineOptions): TransferEngine {
  const { clock, maxConnections, memoryBytes, maxBytesPerSecond, digestFile } = options;
  const rate = maxBytesPerSecond === undefined ? undefined : createRateLimit(maxBytesPerSecond, clock);
  return { connections: createConnectionController({ clock, maxConnections, rate }), budget: createByteBudget(memoryBytes), digestFile };
}
