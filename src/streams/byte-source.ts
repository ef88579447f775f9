/**
 * Bytes on their way, once. Every runtime's streams are this (Node's `Readable`, a web `ReadableStream`, a generator). Who iterates ends it: leaving the loop early
 * (`return()`) releases what lies behind. A chunk is never changed after it was given out, unless whoever opened it allows that (`mayReuse`).
 */
export type ByteStream = AsyncIterable<Uint8Array>;

/** What of a source to read. */
export interface OpenOptions {
  /** First byte to read; 0 if left out. */
  readonly start?: number | undefined;
  /** First byte not to read; the source's size if left out. */
  readonly end?: number | undefined;
  /** The reader is done with a chunk when it asks for the next one: the source may then use the chunk's memory again. */
  readonly mayReuse?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Takes a piece of a source with its position; the piece's memory may be used again once the promise has resolved. */
export type PieceWriter = (piece: Uint8Array, position: number) => Promise<void>;

/** Bytes of a file, from `start` to before `end`. */
export interface FileRange {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Bytes that can be opened again: what everything that may be retried is made of (an opener, not a stream). Two opens give the same bytes, and may be read
 * side by side.
 */
export interface ByteSource {
  /** Size in bytes, known before reading. */
  readonly size: number;
  /** Whether `start` is reached without reading what lies before it (files, memory, stores: yes; a registry without Range: no). */
  readonly seekable: boolean;
  /**
   * Where it lies in a file of this machine: reading a range of it a second time costs next to nothing, and other threads can read it; but others may write to it meanwhile, so that the
   * second reading gives other bytes than the first. Absent for all else; finds nothing where there is no such file any more.
   */
  readonly findFile?: (() => Promise<FileRange | undefined>) | undefined;
  /** Starts reading. What it throws, at once or while iterating, is the source's failure. */
  open(options?: OpenOptions): ByteStream;
  /**
   * Reads all of it in whatever order it comes, many pieces side by side, for who can write at any position: each byte once, or the same byte again. Absent where bytes come in
   * order anyway. What `write` throws comes through.
   */
  readonly scatter?: ((write: PieceWriter, options?: Pick<OpenOptions, 'signal'>) => Promise<void>) | undefined;
}

/** A source over bytes in memory. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.byteLength,
    seekable: true,
    async *open({ start = 0, end = bytes.byteLength } = {}): ByteStream {
      if (end > start) yield bytes.subarray(start, end);
    },
  };
}

/** The part of a source from `start` to before `end`, as a source of its own. */
export function sliceSource(source: ByteSource, start: number, end: number): ByteSource {
  const { findFile } = source;
  return {
    size: end - start,
    seekable: source.seekable,
    findFile: findFile && (async () => sliceFile(await findFile(), start, end)),
    open: (options = {}) => source.open({ ...options, start: start + (options.start ?? 0), end: start + (options.end ?? end - start) }),
  };
}

function sliceFile(file: FileRange | undefined, start: number, end: number): FileRange | undefined {
  return file && { path: file.path, start: file.start + start, end: file.start + end };
}
