import type { ByteSource } from '../streams/byte-source.ts';

/** A source that remembers whether it failed itself: then the failure is its own, and says nothing of the store that the bytes were on their way to. */
export interface WatchedSource {
  readonly source: ByteSource;
  readonly failed: boolean;
}

/** Watches every open of a source. */
export function watchSource(body: ByteSource): WatchedSource {
  let failed = false;
  const source: ByteSource = {
    size: body.size,
    seekable: body.seekable,
    async *open(options) {
      try {
        yield* body.open(options);
      } catch (error) {
        failed = true;
        throw error;
      }
    },
  };
  return {
    source,
    get failed() {
      return failed;
    },
  };
}
