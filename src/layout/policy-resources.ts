import { registryRoot } from './keys.ts';

/*
 * The format's keys as patterns of an S3 policy (`*` is any text), without the bucket. Some stores take `v2/` for the key `v2`, so both stand there.
 */

/** What clients read: all that may be public. */
export const publicKeyPatterns: readonly string[] = [`${registryRoot}*`, registryRoot.slice(0, -1)];
/** What a pull by bucketry reads besides: the format's version. */
export const readerKeyPatterns: readonly string[] = [...publicKeyPatterns, '_bucketry/format'];
/** What a push reads and writes. */
export const pusherKeyPatterns: readonly string[] = [...publicKeyPatterns, '_bucketry/*'];
/** What a push deletes again: staged blobs. */
export const stagingKeyPatterns: readonly string[] = ['_bucketry/staging/*'];
