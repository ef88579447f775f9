import type { BucketAbilities } from '../bucket.ts';
import { canTrailCrc32 } from './trailing-crc32.ts';

const gibibyte = 1024 ** 3;
const mebibyte = 1024 ** 2;

/** What AWS documents. */
const awsAbilities: Omit<BucketAbilities, 'protectsBodies'> = {
  conditionalPut: 'atomic',
  strongList: true,
  verifiesSha256: true,
  verifiesCrc32: false,
  maxPutBytes: 5 * gibibyte,
  maxCopyBytes: 5 * gibibyte,
  equalParts: false,
  minPartBytes: 5 * mebibyte,
  minWriteIntervalMs: 0,
};

/** Stores known by their host, and where they differ. */
const knownStores: readonly (readonly [RegExp, Partial<BucketAbilities>])[] = [
  [/\.r2\.cloudflarestorage\.com$/, { equalParts: true, minWriteIntervalMs: 1000 }],
  [/\.backblazeb2\.com$/, { conditionalPut: 'none' }],
];

/** What the store at this address can do, as far as a name tells; what `init` has probed is given on top. */
export function knownAbilities({ hostname, protocol }: URL, probed: Partial<BucketAbilities> = {}): BucketAbilities {
  const [, differences = {}] = knownStores.find(([host]) => host.test(hostname)) ?? [];
  const protectsBodies = protocol === 'https:' || (probed.verifiesCrc32 === true && canTrailCrc32());
  return { ...awsAbilities, protectsBodies, ...differences, ...probed };
}

/** Whether the store has bucket policies and S3's block of public access: R2 makes buckets public in a way of its own. */
export function hasPolicies(hostname: string): boolean {
  return !hostname.endsWith('.r2.cloudflarestorage.com');
}
