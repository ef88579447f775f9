import { RegistryError } from '../errors/registry-error.ts';

/** How many tags may be deleted at once: a number, or a share of those that are there. */
export type PruneBound = { readonly count: number } | { readonly percent: number };

/**
 * Reads `20` or `10%`.
 * @throws RegistryError `usage-invalid`
 */
export function parsePruneBound(text: string): PruneBound {
  const [, number = '', percent] = /^(\d{1,6})(%?)$/.exec(text) ?? [];
  if (number === '' || (percent === '%' && Number(number) > 100)) {
    throw new RegistryError(
      'usage-invalid',
      `Cannot read ${JSON.stringify(text.slice(0, 100))} as a bound: wanted a number, or 0% to 100%`,
    );
  }
  return percent === '%' ? { percent: Number(number) } : { count: Number(number) };
}

/** The most that may go of so many; of a share above 0 always one, so that small repositories can be pruned at all. */
export function mostPruned(bound: PruneBound, there: number): number {
  if ('count' in bound) return bound.count;
  return bound.percent === 0 ? 0 : Math.max(1, Math.floor((there * bound.percent) / 100));
}
