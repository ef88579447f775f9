import { RegistryError } from '../errors/registry-error.ts';

const units: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };
const pattern = /^(\d{1,15}(?:\.\d{1,6})?) ?([kmgt]?)(?:i?b)?$/i;

/** Bounds of a number of bytes that a flag may take. */
export interface ByteBounds {
  readonly least: number;
  readonly most?: number | undefined;
}

/**
 * Reads a number of bytes as people write it: `128MiB`, `128M`, `1.5g`, `8388608`. Units are powers of 1,024, however they are written.
 * @throws RegistryError `usage-invalid`
 */
export function parseBytes(flag: string, text: string, { least, most = Number.MAX_SAFE_INTEGER }: ByteBounds): number {
  const [, number = '', unit = ''] = pattern.exec(text) ?? [];
  const bytes = Math.round(Number(number) * (units[unit.toLowerCase()] ?? 1));
  if (number !== '' && bytes >= least && bytes <= most) return bytes;
  const wanted = number === '' ? 'a number of bytes such as 64MiB' : `${least} to ${most} bytes`;
  throw new RegistryError('usage-invalid', `Cannot take --${flag} "${text}": wanted ${wanted}`);
}
