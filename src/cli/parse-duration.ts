import { RegistryError } from '../errors/registry-error.ts';

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const pattern = /^(\d{1,6})([smhd])$/;

/**
 * Reads a span of time as people write it: `24h`, `7d`, `90m`, `0s`. @returns milliseconds
 * @throws RegistryError `usage-invalid`
 */
export function parseDuration(flag: string, text: string): number {
  const [, number, unit = ''] = pattern.exec(text) ?? [];
  const unitMs = unitsMs[unit];
  if (number !== undefined && unitMs !== undefined) return Number(number) * unitMs;
  throw new RegistryError('usage-invalid', `Cannot take --${flag} "${text}": wanted a span of time such as 24h, 90m or 7d`);
}
