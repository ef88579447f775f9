import type { RequestOptions } from './bucket.ts';

/**
 * What makes a bucket ready and public: settings of the bucket itself, apart from its objects, since few credentials may touch them. Each member is absent where the
 * store has no such thing.
 */
export interface BucketAdmin {
  /** Makes the bucket; one that is there and ours is no error. */
  createBucket?(options?: RequestOptions): Promise<void>;
  /** Whether the bucket is there and may be seen. */
  bucketExists(options?: RequestOptions): Promise<boolean>;
  /** The bucket policy, as JSON text; undefined where there is none. */
  getPolicy?(options?: RequestOptions): Promise<string | undefined>;
  putPolicy?(policy: string, options?: RequestOptions): Promise<void>;
  /** S3's block of public access; undefined where none is set. */
  getPublicAccessBlock?(options?: RequestOptions): Promise<PublicAccessBlock | undefined>;
  putPublicAccessBlock?(block: PublicAccessBlock, options?: RequestOptions): Promise<void>;
  /** The lifecycle rule that aborts unfinished uploads after some days, set beside whatever other rules there are. */
  putAbortUploadsRule?(daysAfterInitiation: number, options?: RequestOptions): Promise<void>;
  /** The lifecycle rules that are turned on. */
  getLifecycleRules?(options?: RequestOptions): Promise<readonly LifecycleRule[]>;
  /** Whether objects that are replaced or deleted are kept as old versions. */
  keepsVersions?(options?: RequestOptions): Promise<boolean>;
  /** CORS rules that let a web page read. */
  putReadCors?(allowedOrigins: readonly string[], options?: RequestOptions): Promise<void>;
}

/** The name by which our lifecycle rule is found among others. */
export const abortUploadsRuleId = 'bucketry-abort-unfinished-uploads';

/** What a lifecycle rule does, as far as it matters to images. */
export interface LifecycleRule {
  readonly id: string;
  /** Keys that do not begin so are left alone; empty for all. */
  readonly prefix: string;
  /** It deletes objects, or moves them where they cannot be read at once. */
  readonly removesObjects: boolean;
  /** It aborts uploads that nobody ended. */
  readonly abortsUploads: boolean;
  /** It deletes old versions. */
  readonly removesVersions: boolean;
}

/** S3's four switches (PutPublicAccessBlock). */
export interface PublicAccessBlock {
  readonly blockPublicAcls: boolean;
  readonly ignorePublicAcls: boolean;
  readonly blockPublicPolicy: boolean;
  readonly restrictPublicBuckets: boolean;
}
