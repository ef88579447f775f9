import type { Operation } from './operations.ts';

/** What stores that all speak S3 do differently, as data. */
export interface Personality {
  /** If-Match and If-None-Match of writes: obeyed, answered 501, or ignored without a word. */
  readonly conditionalWrites: 'obeyed' | 'refused' | 'ignored';
  /** Whether a missing key answers 403 to a caller who may not list, so that nobody can guess names. */
  readonly hidesMissingKeys: boolean;
  /** Whether all parts but the last must have one size. */
  readonly wantsEqualParts: boolean;
  /** How long a key rests after a write; another one answers 429 until then. */
  readonly keyWriteIntervalMs: number;
  /** Operations answered with 501. */
  readonly lacks: readonly Operation[];
  /** How an `x-amz-acl` that is not the bucket owner's is refused. */
  readonly aclRefusal: 'AccessControlListNotSupported' | 'NotImplemented';
  /** `slash-first` lists `a/1` before `a-b`, as stores do that keep folders. */
  readonly listingOrder: 'utf-8' | 'slash-first';
  /** How far listings lag behind writes and deletions. */
  readonly listingDelayMs: number;
  /** Of objects and parts: the MD5 of their bytes, or, as under keys of a KMS, something else that looks like one. */
  readonly etags: 'md5' | 'opaque';
  /** Whether ListMultipartUploads tells the uploads of all keys that begin so, or only those of one key. */
  readonly uploadListing: 'prefix' | 'exact-key';
  /** Whether a part may have its CRC-32 behind its bytes, in an upload that was begun without checksums. */
  readonly takesTrailedParts: boolean;
  /** Regions that a signature may name beside the server's own. */
  readonly furtherRegions: readonly string[];
}

const AWS: Personality = {
  conditionalWrites: 'obeyed',
  hidesMissingKeys: true,
  wantsEqualParts: false,
  keyWriteIntervalMs: 0,
  lacks: [],
  aclRefusal: 'AccessControlListNotSupported',
  listingOrder: 'utf-8',
  listingDelayMs: 0,
  etags: 'md5',
  uploadListing: 'prefix',
  takesTrailedParts: false,
  furtherRegions: [],
};

const R2_LACKS: readonly Operation[] = [
  'GetBucketPolicy',
  'PutBucketPolicy',
  'DeleteBucketPolicy',
  'GetPublicAccessBlock',
  'PutPublicAccessBlock',
  'DeletePublicAccessBlock',
];

export type PersonalityName =
  | 'aws'
  | 'r2'
  | 'no-conditions'
  | 'ignores-conditions'
  | 'unordered-listing'
  | 'slow-list'
  | 'opaque-etags'
  | 'exact-upload-keys'
  | 'trailed-parts';

/** The stores that tests run against. */
export const PERSONALITIES: Readonly<Record<PersonalityName, Personality>> = {
  aws: AWS,
  r2: {
    ...AWS,
    hidesMissingKeys: false,
    wantsEqualParts: true,
    keyWriteIntervalMs: 1000,
    lacks: R2_LACKS,
    aclRefusal: 'NotImplemented',
    furtherRegions: ['auto'],
  },
  'no-conditions': { ...AWS, hidesMissingKeys: false, conditionalWrites: 'refused' },
  'ignores-conditions': { ...AWS, hidesMissingKeys: false, conditionalWrites: 'ignored' },
  'unordered-listing': { ...AWS, listingOrder: 'slash-first' },
  'slow-list': { ...AWS, listingDelayMs: 2000 },
  'opaque-etags': { ...AWS, etags: 'opaque' },
  'exact-upload-keys': { ...AWS, uploadListing: 'exact-key' },
  'trailed-parts': { ...AWS, takesTrailedParts: true },
};
