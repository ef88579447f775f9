import type { Bucket, BucketAbilities, RequestOptions } from '../bucket/bucket.ts';
import type { MultipartUploads, UploadHandle } from '../bucket/multipart-uploads.ts';
import type { ObjectKey } from '../bucket/object-key.ts';
import { BucketError } from '../errors/bucket-error.ts';
import { hasCode } from '../errors/coded-error.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { type Clock, systemClock } from '../streams/clock.ts';
import { mapConcurrently } from '../streams/concurrency.ts';
import { digestHex } from '../streams/hasher.ts';

/** What was seen of a store, where stores differ. */
export interface StoreFindings {
  readonly conditionalPut: BucketAbilities['conditionalPut'];
  /** A put whose bytes are not those of its SHA-256 is refused. */
  readonly verifiesSha256: boolean;
  /** A part whose bytes are not those of its CRC-32 is refused, and one whose bytes are is taken. */
  readonly verifiesCrc32: boolean;
  /** A listing right after writes and deletes showed them. (Seen once: no proof for a store spread over the world.) */
  readonly strongList: boolean;
  /** Objects can be copied within the store. */
  readonly copy: boolean;
  /** Objects can be sent in parts. */
  readonly multipart: boolean;
  /** What the store lists of a part holds its SHA-256, so that another run may adopt the part. */
  readonly listsPartSha256: boolean;
}

export interface ProbeOptions extends RequestOptions {
  readonly clock?: Clock | undefined;
}

const racers = 8;
const sample = new TextEncoder().encode('bucketry asks what this store can do\n');
const sampleSha256 = 'f16b9d164f6489c8f2047cc70b2d821afb534a0f0b20e0afc2568e7ec1379d13';
const sampleCrc32 = '4f3d16a5';

/**
 * Finds out what a store can do by doing it, on objects that `makeKey` names (a fresh key for each name, within what the bucket format sets apart). It removes all that
 * it made, also when it fails or is stopped.
 * @throws BucketError `access-denied` and the like, when not even plain writes succeed
 */
export async function probeStore(
  bucket: Bucket,
  makeKey: (name: string) => ObjectKey,
  { clock = systemClock, ...options }: ProbeOptions = {},
): Promise<StoreFindings> {
  const made: ObjectKey[] = [];
  const probe: Probe = {
    bucket,
    options,
    clock,
    key: (name) => {
      const key = makeKey(name);
      made.push(key);
      return key;
    },
  };
  try {
    // A plain write first: what it throws (no bucket, no access) is what the user must hear.
    await bucket.put(probe.key('plain'), bytesSource(sample), options);
    return {
      conditionalPut: await probeConditions(probe),
      verifiesSha256: await probeSha256(probe),
      strongList: await probeListing(probe),
      copy: await probeCopy(probe),
      ...(await probeMultipart(probe)),
    };
  } finally {
    // Not with the caller's signal: a stopped probe cleans up too.
    await bucket.deleteMany(made);
  }
}

interface Probe {
  readonly bucket: Bucket;
  readonly options: RequestOptions;
  readonly clock: Clock;
  readonly key: (name: string) => ObjectKey;
}

type Outcome = 'written' | 'refused' | 'unsupported';

/** The same conditional put twice, one on a version that is not there, and racing writers of which exactly one may win. */
async function probeConditions(probe: Probe): Promise<BucketAbilities['conditionalPut']> {
  const key = probe.key('condition');
  const first = await tryPut(probe, key, { ifNoneMatch: '*' });
  if (first === 'unsupported') return 'none';
  // A store that takes one write a second of a key would refuse the next one for that.
  await probe.clock.sleep(probe.bucket.abilities.minWriteIntervalMs, probe.options.signal);
  const again = await tryPut(probe, key, { ifNoneMatch: '*' });
  const stale = await tryPut(probe, key, { ifMatch: '"00000000000000000000000000000000"' });
  if (again === 'unsupported' || stale === 'unsupported') return 'none';
  if (again === 'written' || stale === 'written') return 'ignored';
  const contested = probe.key('race');
  const outcomes = await mapConcurrently(Array.from({ length: racers }), racers, () => race(probe, contested));
  return outcomes.filter((outcome) => outcome === 'written').length === 1 ? 'atomic' : 'ignored';
}

/** One of several writers at once: who is told to slow down has lost. */
async function race(probe: Probe, key: ObjectKey): Promise<Outcome> {
  try {
    return await tryPut(probe, key, { ifNoneMatch: '*' });
  } catch (error) {
    if (hasCode(error, 'throttled')) return 'refused';
    throw error;
  }
}

async function tryPut({ bucket, options }: Probe, key: ObjectKey, condition: { ifNoneMatch?: '*'; ifMatch?: string }): Promise<Outcome> {
  try {
    await bucket.put(key, bytesSource(sample), { ...options, ...condition });
    return 'written';
  } catch (error) {
    if (hasCode(error, 'precondition-failed', 'write-conflict', 'object-missing')) return 'refused';
    if (hasCode(error, 'operation-unsupported')) return 'unsupported';
    throw error;
  }
}

async function probeSha256({ bucket, key, options }: Probe): Promise<boolean> {
  try {
    await bucket.put(key('checksum'), bytesSource(sample), { ...options, sha256: digestHex('sha256', new Uint8Array()) });
    return false;
  } catch (error) {
    if (hasCode(error, 'checksum-mismatch')) return true;
    if (hasCode(error, 'operation-unsupported')) return false;
    throw error;
  }
}

async function probeListing(probe: Probe): Promise<boolean> {
  const { bucket, options } = probe;
  const prefix = probe.key('list');
  const keys = ['a', 'b', 'c'].map((name) => probe.key(`list-${name}`));
  for (const key of keys) await bucket.put(key, bytesSource(sample), options);
  const before = await listBelow(probe, prefix);
  const [gone, ...left] = keys;
  if (gone !== undefined) await bucket.delete(gone, options);
  const after = await listBelow(probe, prefix);
  return before.join() === keys.join() && after.join() === left.join();
}

async function listBelow({ bucket, options }: Probe, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const entry of bucket.list({ ...options, prefix })) if (entry.kind === 'object') keys.push(entry.key);
  return keys.sort();
}

async function probeCopy({ bucket, key, options }: Probe): Promise<boolean> {
  if (!bucket.copy) return false;
  const [from, to] = [key('copy-from'), key('copy-to')];
  await bucket.put(from, bytesSource(sample), options);
  try {
    await bucket.copy(from, to, options);
  } catch (error) {
    if (hasCode(error, 'operation-unsupported')) return false;
    throw error;
  }
  return (await bucket.head(to, options))?.size === sample.byteLength;
}

type PartFindings = Pick<StoreFindings, 'multipart' | 'listsPartSha256' | 'verifiesCrc32'>;

async function probeMultipart({ bucket, key, options }: Probe): Promise<PartFindings> {
  const { multipart } = bucket;
  const none = { multipart: false, listsPartSha256: false, verifiesCrc32: false };
  if (!multipart) return none;
  let upload: UploadHandle | undefined;
  try {
    upload = await multipart.create(key('parts'), { ...options, size: sample.byteLength, partSize: sample.byteLength });
    await multipart.putPart(upload, 1, bytesSource(sample), { ...options, sha256: sampleSha256 });
    const listed: (string | undefined)[] = [];
    for await (const part of multipart.listParts(upload, options)) listed.push(part.sha256);
    const listsPartSha256 = listed.length === 1 && listed[0] === sampleSha256;
    return { multipart: true, listsPartSha256, verifiesCrc32: await probeCrc32(multipart, upload, options) };
  } catch (error) {
    if (hasCode(error, 'operation-unsupported')) return none;
    throw error;
  } finally {
    if (upload) await multipart.abort(upload);
  }
}

/** The right checksum first: a store that refuses both does not know of them. Whatever it says to that is no reason to fail. */
async function probeCrc32(multipart: MultipartUploads, upload: UploadHandle, options: RequestOptions): Promise<boolean> {
  const put = (crc32: string): Promise<unknown> => multipart.putPart(upload, 1, bytesSource(sample), { ...options, crc32 });
  try {
    await put(sampleCrc32);
  } catch (error) {
    if (error instanceof BucketError) return false;
    throw error;
  }
  try {
    await put('00000000');
    return false;
  } catch (error) {
    return hasCode(error, 'checksum-mismatch');
  }
}
