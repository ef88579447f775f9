import type { Bucket, ObjectHeaders, WriteCondition } from '../bucket/bucket.ts';
import type { ObjectKey } from '../bucket/object-key.ts';
import { hasCode } from '../errors/coded-error.ts';
import { RegistryError } from '../errors/registry-error.ts';
import type { Clock } from '../streams/clock.ts';
import { type Coalescer, createCoalescer } from './coalescer.ts';
import type { RequestOptions } from './repository-context.ts';
import { isSameBytes, maxDocumentBytes, readObject, writeObject } from './small-objects.ts';

/*
 * How lists are kept right while many write.
 *
 * Objects: a truth, which is many objects that can be listed (tags under `manifests/`, markers), and one object derived from it (`tags/list`, an index of referrers,
 * the catalog). Who changes the truth writes it first and then rebuilds the derived object; nobody ever edits that object.
 *
 * Where conditions are atomic: read the object with its ETag → list the truth → PUT with `If-Match` (or `If-None-Match: *`), again until it holds. The ETag is read before the truth is listed, so a
 * PUT that holds replaces nothing that was derived from a newer listing. If what is there is already what the truth says, nothing is written: whoever read an
 * older version's ETag cannot replace it any more, and whoever read this one's lists after our change.
 *
 * Where there are no conditions, or they are ignored: list → PUT → list again, and PUT again until the listing did not change. Of all who write at once, the last PUT is
 * by someone who lists after it, so what stays is what the truth then was.
 *
 * A crash before the PUT leaves the object as it was: it lacks the newest change, and says nothing wrong of the others; the same command again, any other writer, or
 * `check --repair` rebuilds it. Readers meanwhile see one whole version or the other.
 */

/** One object that is rebuilt from a truth. */
export interface DerivedObject {
  readonly key: ObjectKey;
  /** Lists the truth and makes the object of it: equal truth, equal bytes. */
  derive(signal: AbortSignal): Promise<Uint8Array>;
  headers(bytes: Uint8Array): ObjectHeaders;
  /** What the object's absence says: it is not created only to say that. */
  readonly absentBytes?: Uint8Array | undefined;
  /** Writes what must be there before the object names it. */
  beforeWrite?(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
}

/** Every round somebody's write holds, so so many losses in a row mean that something else is wrong. */
const maxRounds = 100;
const firstPauseMs = 20;
const longestPauseMs = 1000;

/** One for each bucket of the process: it goes when the bucket goes. */
const coalescers = new WeakMap<Bucket, Coalescer>();

/**
 * Makes a derived object say what the truth says at some moment after this call. Calls for one object in one process are joined.
 * @throws RegistryError `tag-conflict` when others changed it again and again
 */
export async function rebuildDerivedObject(
  bucket: Bucket,
  object: DerivedObject,
  clock: Clock,
  options: RequestOptions = {},
): Promise<void> {
  const coalescer = coalescers.get(bucket) ?? createCoalescer(clock, bucket.abilities.minWriteIntervalMs);
  coalescers.set(bucket, coalescer);
  const rebuild = bucket.abilities.conditionalPut === 'atomic' ? replaceUntilItHolds : putUntilUnchanged;
  await coalescer.run(object.key, (signal) => rebuild(bucket, object, clock, signal), options.signal);
}

async function replaceUntilItHolds(bucket: Bucket, object: DerivedObject, clock: Clock, signal: AbortSignal): Promise<void> {
  for (let round = 0; round < maxRounds; round += 1) {
    const there = await readObject(bucket, object.key, { signal, maxBytes: maxDocumentBytes });
    const bytes = await object.derive(signal);
    if (isAlready(there?.bytes ?? object.absentBytes, bytes)) return;
    if (await tryReplace(bucket, object, bytes, there ? { ifMatch: there.info.etag } : { ifNoneMatch: '*' }, signal)) return;
    await clock.sleep(pauseMs(round, clock), signal);
  }
  throw tooManyChanges(object);
}

async function tryReplace(
  bucket: Bucket,
  object: DerivedObject,
  bytes: Uint8Array,
  condition: WriteCondition,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await write(bucket, object, bytes, condition, signal);
    return true;
  } catch (error) {
    // `object-missing`: some stores answer so when `If-Match` meets nothing.
    if (hasCode(error, 'precondition-failed', 'write-conflict', 'object-missing')) return false;
    throw error;
  }
}

async function putUntilUnchanged(bucket: Bucket, object: DerivedObject, clock: Clock, signal: AbortSignal): Promise<void> {
  const there = await readObject(bucket, object.key, { signal, maxBytes: maxDocumentBytes });
  let known = there?.bytes ?? object.absentBytes;
  for (let round = 0; round < maxRounds; round += 1) {
    const bytes = await object.derive(signal);
    if (isAlready(known, bytes)) return;
    if (round > 0) await clock.sleep(bucket.abilities.minWriteIntervalMs, signal);
    await write(bucket, object, bytes, {}, signal);
    known = bytes;
  }
  throw tooManyChanges(object);
}

async function write(
  bucket: Bucket,
  object: DerivedObject,
  bytes: Uint8Array,
  condition: WriteCondition,
  signal: AbortSignal,
): Promise<void> {
  await object.beforeWrite?.(bytes, signal);
  await writeObject(bucket, object.key, bytes, { ...object.headers(bytes), ...condition, signal });
}

function isAlready(there: Uint8Array | undefined, bytes: Uint8Array): boolean {
  return there !== undefined && isSameBytes(there, bytes);
}

function pauseMs(round: number, clock: Clock): number {
  return Math.min(firstPauseMs * 2 ** round, longestPauseMs) * clock.random();
}

function tooManyChanges({ key }: DerivedObject): RegistryError {
  return new RegistryError('tag-conflict', `Cannot rebuild "${key}": it was changed by others ${maxRounds} times in a row`);
}
