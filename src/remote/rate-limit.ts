/** How much of its limit a registry leaves us, as Docker Hub tells with every manifest. */
export interface RateLimit {
  /** Requests in a window of time. */
  readonly limit: number;
  readonly remaining: number;
  /** Undefined: the registry does not tell. */
  readonly windowSeconds: number | undefined;
}

/**
 * Reads `ratelimit-limit: 100;w=21600` and `ratelimit-remaining: 76;w=21600`.
 * @returns undefined where a registry tells nothing of the kind
 */
export function readRateLimit(headers: Readonly<Record<string, string>>): RateLimit | undefined {
  const [limit, windowSeconds] = readQuota(headers['ratelimit-limit']);
  const [remaining] = readQuota(headers['ratelimit-remaining']);
  return limit === undefined || remaining === undefined ? undefined : { limit, remaining, windowSeconds };
}

/** Whether so little is left that the next image or two may not come. */
export function isLow({ limit, remaining }: RateLimit): boolean {
  return remaining <= Math.max(5, limit / 10);
}

/** As in "DOCKER.IO: 3 of 100 requests are left in 6 hours". */
export function formatRateLimit({ limit, remaining, windowSeconds }: RateLimit): string {
  return `${remaining} of ${limit} requests are left${windowSeconds === undefined ? '' : ` in ${formatWindow(windowSeconds)}`}`;
}

function readQuota(value: string | undefined): readonly [number | undefined, number | undefined] {
  const [, amount, , window] = /^\s*(\d{1,9})\s*(;\s*w\s*=\s*(\d{1,9}))?/.exec(value ?? '') ?? [];
  return [amount === undefined ? undefined : Number(amount), window === undefined ? undefined : Number(window)];
}

function formatWindow(seconds: number): string {
  for (const [unit, length] of [
    ['hour', 3600],
    ['minute', 60],
  ] as const) {
    if (seconds % length === 0 && seconds >= length) return `${seconds / length} ${unit}${seconds === length ? '' : 's'}`;
  }
  return `${seconds} seconds`;
}
