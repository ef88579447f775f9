/** Told how single requests to a store fare, each try for itself, by whoever sends them. */
export interface RequestWatch {
  /** A request with little to send was answered, with so much time between. */
  readonly onAnswer: (durationMs: number) => void;
  /** A request that began then (by the clock) failed. */
  readonly onFailure: (error: unknown, beganAtMs: number) => void;
}
