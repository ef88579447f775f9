import type { Bucket } from '../bucket/bucket.ts';
import { type CollectionState, currentCollectionState, initialCollectionState, parseCollectionState } from '../layout/collection-state.ts';
import { formatKey } from '../layout/keys.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Clock } from '../streams/clock.ts';
import type { RequestOptions } from './repository-context.ts';
import { maxDocumentBytes, readObject } from './small-objects.ts';

/** What a pusher sees of collection in its repository; collectors alone write it. */
export interface CollectionWatch {
  /** Reads the state that holds now: a collection that crashed counts as under way until its time is over. */
  read(options?: RequestOptions): Promise<CollectionState>;
  /** Reads until no collection is under way, and gives the state that then holds. */
  waitUntilOver(options?: RequestOptions): Promise<CollectionState>;
}

/** Time between two looks at a collection that is waited for. */
const pollMs = 2000;

/** Watches `_collection` of a repository. */
export function watchCollection(bucket: Bucket, name: RepositoryName, clock: Clock): CollectionWatch {
  const key = formatKey({ kind: 'collection', name });
  /** When each generation was first read as running, by our own clock: from then on its time runs for us. */
  const firstReadAtMs = new Map<number, number>();

  const watch: CollectionWatch = {
    async read(options = {}) {
      const stored = await readObject(bucket, key, { ...options, maxBytes: maxDocumentBytes });
      if (!stored) return initialCollectionState;
      const state = parseCollectionState(stored.bytes);
      const nowMs = clock.now();
      if (state.running && !firstReadAtMs.has(state.generation)) firstReadAtMs.set(state.generation, nowMs);
      const sinceMs = firstReadAtMs.get(state.generation) ?? nowMs;
      return currentCollectionState(state, { writtenAtMs: stored.info.lastModified.getTime(), firstReadAtMs: sinceMs, nowMs });
    },
    async waitUntilOver(options = {}) {
      for (;;) {
        const state = await watch.read(options);
        if (!state.running) return state;
        await clock.sleep(pollMs, options.signal);
      }
    },
  };
  return watch;
}
