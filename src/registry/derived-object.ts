import type { Bucket, ETag, ObjectHeaders, WriteCondition } from '../bucket/bucket.ts';
import type { ObjectKey } from '../bucket/object-key.ts';
import { hasCode } from '../errors/coded-error.ts';
import { RegistryError } from '../errors/registry-error.ts';
import type { Clock } from '../streams/clock.ts';
import { runTogether } from '../streams/concurrency.ts';
import { type Coalescer, createCoalescer } from './coalescer.ts';
import type { RequestOptions } from './repository-context.ts';
import { isSameBytes, maxDocumentBytes, readObject, writeObject } from './small-objects.ts';

/*
 * How lists are kept right while many write.
 *
 * Objects: a truth, which is many objects that can be listed (tags under `manifests/`, markers), and one object derived from it (`tags/list`, an index of referrers,
 * the catalog). Who changes the truth writes it first and then rebuilds the derived object; nobody ever edits that object.
 *
 * The way: read the object with its ETag → list the truth → PUT, where conditions are atomic with `If-Match` (or `If-None-Match: *`) → list again, and PUT again until the listing says what was written. Of
 * all who write at once, the last PUT is by someone who lists after it, so what stays is what the truth then was, whether or not the store knows conditions. That is also why
 * nothing is written when the object says it already: whoever is about to replace it by something older will list after that.
 *
 * Reading and listing may be done before the change, which is then added to what was listed (`PreparedVersion`): the PUT comes after the change all the same, and is followed by a listing.
 *
 * `If-Match` keeps a writer that is slow, or dies after its PUT, from replacing what was derived from a newer listing. Alone it would not do: an ETag is a digest of the bytes, so it is
 * the same again when a tag is deleted and set once more, and an old writer's condition then holds.
 *
 * A crash leaves a list that may lack the newest change; the same command again, any other writer, or `check --repair` rebuilds it. Readers meanwhile see one whole
 * version or the other.
 */

/** One object that is rebuilt from a truth. */
export interface DerivedObject {
  readonly key: ObjectKey;
  /** Lists the truth and makes the object of it: equal truth, equal bytes. */
  derive(signal: AbortSignal): Promise<Uint8Array>;
  headers(bytes: Uint8Array): ObjectHeaders;
  /** What the object's absence says: it is not created only to say that. */
  readonly absentBytes?: Uint8Array | undefined;
  /**
   * That it probably does not exist yet: then the truth is listed while the object is being read. Where it turns out to exist, the truth is listed once more, since what was
   * listed may be older than the ETag.
   */
  readonly isProbablyNew?: boolean | undefined;
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
 * @param options `prepared`: what was read and listed before the truth was changed, where others cannot be overwritten by it (conditions are atomic)
 * @throws RegistryError `tag-conflict` when others changed it again and again
 */
export async function rebuildDerivedObject(
  bucket: Bucket,
  object: DerivedObject,
  clock: Clock,
  { prepared, signal: outer }: RequestOptions & { readonly prepared?: PreparedVersion | undefined } = {},
): Promise<void> {
  const coalescer = coalescers.get(bucket) ?? createCoalescer(clock, bucket.abilities.minWriteIntervalMs);
  coalescers.set(bucket, coalescer);
  await coalescer.run(object.key, (signal) => rebuildUntilUnchanged(bucket, object, clock, prepared, signal), outer);
}

/** A version of the object, as it was read or written. */
export interface Version {
  readonly bytes: Uint8Array;
  readonly etag: ETag;
}

/** What can be done before the truth is changed. */
export interface PreparedVersion {
  /** The object as it was read, before the truth was listed; undefined where there was none. */
  readonly there: Version | undefined;
  /** The object as of the listing and of the change that is going to be made; other bytes than are there. */
  readonly derived: Uint8Array;
}

/** Reads a derived object as it is. */
export async function readVersion(bucket: Bucket, key: ObjectKey, { signal }: RequestOptions = {}): Promise<Version | undefined> {
  const stored = await readObject(bucket, key, { signal, maxBytes: maxDocumentBytes });
  return stored && { bytes: stored.bytes, etag: stored.info.etag };
}

async function rebuildUntilUnchanged(
  bucket: Bucket,
  object: DerivedObject,
  clock: Clock,
  prepared: PreparedVersion | undefined,
  signal: AbortSignal,
): Promise<void> {
  let { there, derived }: Readable = prepared ?? (await readAndDerive(bucket, object, signal));
  for (let round = 0; round < maxRounds; round += 1) {
    const bytes = derived ?? (await object.derive(signal));
    derived = undefined;
    const said = there?.bytes ?? object.absentBytes;
    if (said && isSameBytes(said, bytes)) return;
    if (round > 0) await clock.sleep(Math.max(pauseMs(round, clock), bucket.abilities.minWriteIntervalMs), signal);
    there = (await tryWrite(bucket, object, bytes, there, signal)) ?? (await readVersion(bucket, object.key, { signal }));
  }
  throw new RegistryError('tag-conflict', `Cannot rebuild "${object.key}": it was changed by others ${maxRounds} times in a row`);
}

interface Readable {
  readonly there: Version | undefined;
  readonly derived?: Uint8Array | undefined;
}

/**
 * Nothing is lost by listing before it is known that the object does not exist: create-only, the PUT fails if anybody wrote meanwhile, and whoever changes the truth after this
 * listing writes after this PUT.
 */
async function readAndDerive(bucket: Bucket, object: DerivedObject, outer: AbortSignal): Promise<Readable> {
  if (!object.isProbablyNew) return { there: await readVersion(bucket, object.key, { signal: outer }) };
  let there: Version | undefined;
  let derived: Uint8Array | undefined;
  await runTogether(
    [
      async (signal) => void (there = await readVersion(bucket, object.key, { signal })),
      async (signal) => void (derived = await object.derive(signal)),
    ],
    outer,
  );
  return { there, derived: there ? undefined : derived };
}

/** Puts a new version over the one that was seen; undefined if somebody else was faster. */
async function tryWrite(
  bucket: Bucket,
  object: DerivedObject,
  bytes: Uint8Array,
  there: Version | undefined,
  signal: AbortSignal,
): Promise<Version | undefined> {
  await object.beforeWrite?.(bytes, signal);
  const condition: WriteCondition = there ? { ifMatch: there.etag } : { ifNoneMatch: '*' };
  const isAtomic = bucket.abilities.conditionalPut === 'atomic';
  try {
    const { etag } = await writeObject(bucket, object.key, bytes, { ...object.headers(bytes), ...(isAtomic && condition), signal });
    return { bytes, etag };
  } catch (error) {
    // `object-missing`: some stores answer so when `If-Match` meets nothing.
    if (isAtomic && hasCode(error, 'precondition-failed', 'write-conflict', 'object-missing')) return undefined;
    throw error;
  }
}

function pauseMs(round: number, clock: Clock): number {
  return Math.min(firstPauseMs * 2 ** round, longestPauseMs) * clock.random();
}
