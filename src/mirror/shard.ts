import { RegistryError } from '../errors/registry-error.ts';
import { digestHex } from '../streams/hasher.ts';

/** A share of all repositories: the `index`th of `count`, from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/**
 * Reads `2/8`.
 * @throws RegistryError `usage-invalid`
 */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,5})\/(\d{1,5})$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (shard.index >= 1 && shard.index <= shard.count) return shard;
  throw new RegistryError('usage-invalid', `Cannot read ${JSON.stringify(text.slice(0, 100))} as a shard: wanted I/N, with I from 1 to N`);
}

/** Whether a name belongs to a shard. It depends on nothing but the name and the count: each machine decides alone, and a name stays where it is when others come and go. */
export function isInShard(name: string, { index, count }: Shard): boolean {
  const digest = digestHex('sha256', new TextEncoder().encode(name));
  return Number.parseInt(digest.slice(0, 12), 16) % count === index - 1;
}
