import type { CodedError } from '../errors/coded-error.ts';

/** What a host answered to one request of the doctor, after redirects. */
export interface SiteAnswer {
  /** 0 where there was no answer (`failure` says why). */
  readonly status: number;
  /** Lower-case names, of the last answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** All URLs that were asked, the first one included. */
  readonly urls: readonly URL[];
  /** The bytes as they came, no more than were wanted. */
  readonly body: Uint8Array;
  /** Whether that is all there was. */
  readonly isWhole: boolean;
  /** Why there is no answer, or no whole body. */
  readonly failure?: CodedError | undefined;
}

/** Media type of an answer, without parameters and in lower case; empty where it has none. */
export function contentTypeOf({ headers }: SiteAnswer): string {
  return (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** The coding that clients would undo; undefined where there is none. */
export function contentEncodingOf({ headers }: SiteAnswer): string | undefined {
  const coding = headers['content-encoding']?.trim().toLowerCase();
  return coding === '' || coding === 'identity' ? undefined : coding;
}

/** Bytes of the whole body as `content-length` says; undefined where it is not said. */
export function contentLengthOf({ headers }: SiteAnswer): number | undefined {
  const text = headers['content-length']?.trim() ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
