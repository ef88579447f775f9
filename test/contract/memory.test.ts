import { createMemoryBucket, type MemoryBucketOptions } from '../../src/bucket/memory/memory-bucket.ts';
import { describeBucketContract } from './bucket-contract.ts';

const variants: Readonly<Record<string, MemoryBucketOptions>> = {
  'memory bucket': {},
  'memory bucket without conditions': { abilities: { conditionalPut: 'none' } },
  'memory bucket that ignores conditions': { abilities: { conditionalPut: 'ignored' } },
  'memory bucket with equal parts': { abilities: { equalParts: true, minPartBytes: 100_000 } },
  'memory bucket with quirks': { quirks: { ignoresRange: true, listOrder: 'slash-first', opaqueETags: true } },
};

for (const [name, options] of Object.entries(variants)) {
  describeBucketContract(name, () => {
    const bucket = createMemoryBucket(options);
    return Promise.resolve({ bucket, cleanup: () => bucket.close() });
  });
}
