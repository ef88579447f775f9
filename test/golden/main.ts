/*
 * Writes the golden bucket anew: `node test/golden/main.ts`. That is a change of the format, or of the fixtures: look at the difference before it is committed.
 */
import { dumpBucket, pushGoldenBucket, writeDump } from './golden-bucket.ts';

await writeDump(await dumpBucket(await pushGoldenBucket()), new URL('bucket/', import.meta.url));
