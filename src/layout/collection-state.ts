import * as v from 'valibot';
import type { Digest } from '../oci/digest.ts';
import { digestSchema, formatDocument, parseDocument, sortNames } from './document.ts';

/**
 * `_collection`: what pushers must know of collection in their repository (docs/bucket-layout.md, "Collection"). Where there is none, nothing was ever collected
 * (`initialCollectionState`). It is written by collectors only, with conditions, and never removed.
 */
export interface CollectionState {
  /** Counts collections; each one that begins writes one more than it read. */
  readonly generation: number;
  /** The collection under way; left out when the last one has ended. */
  readonly running?: RunningCollection | undefined;
}

interface RunningCollection {
  /**
   * How long it lasts at most, from when `_collection` was written. No clocks need agree: the collector counts from before its write, a pusher from after it first read
   * this state, each on its own clock.
   */
  readonly durationMs: number;
  /** Manifests and blobs that it may delete. It deletes no others. */
  readonly condemned: readonly Digest[];
}

/** The state of a repository without a `_collection`. */
export const initialCollectionState: CollectionState = { generation: 0 };

/** Objects younger than this by the store's clock are never condemned. A collector may choose a longer time, never a shorter one. */
export const minGraceMs: number = 60 * 60 * 1000;
/** A pusher that has not tagged so long after it began to put its manifests puts them again and asks again: they alone protect what it is about to tag. */
export const maxUntaggedMs: number = minGraceMs / 2;
/** Longest that a collection may run, and so the longest that a pusher waits for one that crashed. */
export const maxCollectionMs: number = 15 * 60 * 1000;
/** How far apart a store's clock and another may be: stores refuse signed requests beyond. */
const maxClockSkewMs = 15 * 60 * 1000;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const schema: v.GenericSchema<unknown, CollectionState> = v.object({
  generation: count,
  running: v.optional(v.object({ durationMs: v.pipe(count, v.maxValue(maxCollectionMs)), condemned: v.array(digestSchema) })),
});

/** `_collection` as bytes: condemned digests sorted, each once. */
export function formatCollectionState({ generation, running }: CollectionState): Uint8Array {
  return formatDocument({
    generation,
    running: running && { durationMs: running.durationMs, condemned: sortNames(running.condemned) },
  });
}

/**
 * Reads `_collection`.
 * @throws RegistryError `format-invalid`
 */
export function parseCollectionState(bytes: Uint8Array): CollectionState {
  return parseDocument(schema, bytes, 'the state of collection ("_collection")');
}

/** When a state was seen, for telling whether its collection can still delete. */
export interface CollectionSighting {
  /** When `_collection` was written, by the store's clock (`Last-Modified`). */
  readonly writtenAtMs: number;
  /** When this process first read this generation as running, by its own clock. */
  readonly firstReadAtMs: number;
  /** Now, by its own clock. */
  readonly nowMs: number;
}

/**
 * The state as it holds now: without a collection that can delete nothing any more, because its time is over for certain, however the clocks differ (it crashed, or did not
 * write its end). Everything that decides by a state goes by this one.
 */
export function currentCollectionState(state: CollectionState, { writtenAtMs, firstReadAtMs, nowMs }: CollectionSighting): CollectionState {
  if (!state.running) return state;
  const { durationMs } = state.running;
  const isOver = nowMs - firstReadAtMs >= durationMs || nowMs - writtenAtMs >= durationMs + maxClockSkewMs;
  return isOver ? { generation: state.generation } : state;
}

/**
 * What a pusher does once its manifests are put. `settled`: nothing that it counts on can go before it tags. `again`: wait until no collection is under way, read the state to go by
 * from then on, look at everything again, send what is missing, put the manifests again, and ask again.
 * @param before the current state as of before its first HEAD (what was condemned then counts, though that collection may have ended since)
 * @param now the current state, read after its last manifest was put
 * @param digests all that it sent or found by HEAD, and its root
 */
export function settlePush(before: CollectionState, now: CollectionState, digests: ReadonlySet<Digest>): 'settled' | 'again' {
  if (before.generation !== now.generation) return 'again';
  return before.running?.condemned.some((digest) => digests.has(digest)) ? 'again' : 'settled';
}
