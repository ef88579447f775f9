import type { ByteSource, ByteStream } from '../streams/byte-source.ts';

/**
 * The one way out over HTTP. An adapter sends one request and follows no redirect, keeps no cookies, decodes nothing and retries nothing: policies stand above it.
 */
export interface HttpClient {
  /**
   * Sends a request and resolves when the answer's headers are there, whatever the status.
   * @throws BucketError `connection-failed` (also when the other end breaks off), `timed-out` (no progress within `idleTimeoutMs`); code `aborted` for the signal
   */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Opens connections for requests that are about to follow, beside what is going on; those that are not used are closed soon. Absent where the runtime decides. */
  prepare?(url: URL, connections: number): void;
  /** Closes idle connections; those in use end with their requests. */
  close(): Promise<void>;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  /** Lower-case names. `host` and `content-length` are the adapter's to set unless given. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent with its own size as `content-length`; opened once. */
  readonly body?: ByteSource | undefined;
  /** Who reads the answer's body is done with a chunk when it asks for the next one: its memory may then be used again. */
  readonly mayReuse?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Longest time without a byte moving either way; the adapter's default if left out. */
  readonly idleTimeoutMs?: number | undefined;
  /** Longest time without a byte of the body being sent, as long as there are some left, where that is to be less than `idleTimeoutMs`. */
  readonly stallTimeoutMs?: number | undefined;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; a repeated header is joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The body as sent. It must be read to its end or left (`return()`, which closes the connection); fails with `connection-failed` when the other end breaks off
   * before `content-length` or the last chunk. A HEAD's body is empty.
   */
  readonly body: ByteStream;
}
