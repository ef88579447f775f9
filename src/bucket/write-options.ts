/** The store's opaque name for the bytes and moment of an object, with its quotes. Equal ETags of one key: the same version. */
export type ETag = string;

/** What every request takes. */
export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
}

/** The headers that are stored with an object and sent to whoever reads it. */
export interface ObjectHeaders {
  readonly contentType?: string | undefined;
  readonly cacheControl?: string | undefined;
  /** `x-amz-meta-*`: lower-case names, printable ASCII values. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** At most one of both. */
export interface WriteCondition {
  /** Only over this version. */
  readonly ifMatch?: ETag | undefined;
  /** Only where there is no object yet. */
  readonly ifNoneMatch?: '*' | undefined;
}
