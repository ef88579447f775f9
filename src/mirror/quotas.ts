/** What registries leave us of their rate limits, and how much of that is for others. */
export interface Quotas {
  /** A registry told how many requests are left. */
  heard(host: string, remaining: number): void;
  /** A registry refused for its limit, also after waiting. */
  refused(host: string): void;
  /** Whether no image should be asked of it any more in this run. */
  isSpent(host: string): boolean;
}

/** @param floor images are no longer asked for when so few requests are left */
export function createQuotas(floor: number): Quotas {
  const remaining = new Map<string, number>();
  const refusing = new Set<string>();
  return {
    heard: (host, left) => void remaining.set(host, left),
    refused: (host) => void refusing.add(host),
    isSpent: (host) => refusing.has(host) || (remaining.get(host) ?? Infinity) <= floor,
  };
}
