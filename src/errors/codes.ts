/**
 * Every way in which bucketry fails, by name: a closed union. Each code has one CLI exit code (`cli/exit-codes.ts`) and, where a server answers, one
 * HTTP status; a code without them does not compile.
 */

/** What went wrong between us and the object store. */
export const bucketErrorCodes = [
  /** The key names no object (S3 `NoSuchKey`; an answer of 403 to who may not list counts as this only where the adapter can tell). */
  'object-missing',
  /** The bucket, or the directory of a directory bucket, does not exist. */
  'bucket-missing',
  /** The credentials are known but may not do this; also a missing key where the caller may not list. */
  'access-denied',
  /** No credentials were found where some are needed. */
  'credentials-missing',
  /** The store does not know the key id, or the signature does not match: a wrong secret. */
  'credentials-invalid',
  /** The bucket lives in another region than the request was signed for. */
  'wrong-region',
  /** The machine's clock is too far from the store's, also after one correction. */
  'clock-skewed',
  /** A condition (`If-Match`, `If-None-Match`) did not hold: nothing was written. */
  'precondition-failed',
  /** Another write to the same key was under way (S3 409): nothing was written; look and try again. */
  'write-conflict',
  /** The multipart upload is unknown: completed, aborted, or never there. */
  'upload-missing',
  /** A part that Complete names is not there, or not the one it names. */
  'part-invalid',
  /** The asked range lies outside the object. */
  'range-invalid',
  /** What the store received is not what was sent (its checksum does not match). */
  'checksum-mismatch',
  /** The object, part or request is larger than the store takes. */
  'object-too-large',
  /** A key that the store cannot hold. */
  'key-invalid',
  /** The store asks to slow down (429, 503 SlowDown), also after all retries. */
  'throttled',
  /** The store failed (5xx), also after all retries. */
  'store-unavailable',
  /** No connection, or it broke (refused, reset, TLS, name not found), also after all retries. */
  'connection-failed',
  /** No answer, or no progress, within the time set. */
  'timed-out',
  /** The store answered what its protocol does not allow: malformed XML, a short body, a wrong length. */
  'response-invalid',
  /** No space is left. */
  'storage-full',
  /** The store takes no writes. */
  'storage-read-only',
  /** The store does not know this operation or condition (501, `NotImplemented`). */
  'operation-unsupported',
  /** The place of a bucket is not written as one, or lacks something. */
  'location-invalid',
] as const;

/** What went wrong with images, references, registries and archives. */
export const registryErrorCodes = [
  /** A repository name outside the specification's grammar, or with a component that the layout reserves. */
  'name-invalid',
  /** A tag outside the specification's grammar. */
  'tag-invalid',
  /** Not `algorithm:encoded`, or an encoding that does not fit its algorithm. */
  'digest-invalid',
  /** A well-formed digest of an algorithm that is not sha256 or sha512. */
  'digest-unsupported',
  /** A reference or the name of a place that cannot be read as one. */
  'reference-invalid',
  /** A platform that is not written `os/architecture[/variant]`. */
  'platform-invalid',
  /** JSON that is not a manifest, index or config as the specification has it. */
  'manifest-invalid',
  /** A manifest over the bound (4 MiB). */
  'manifest-too-large',
  /** A Docker schema 1 manifest: it cannot be kept by digest. */
  'schema-1-unsupported',
  /** A media type that is not a manifest's where one is needed. */
  'media-type-unsupported',
  /** The declared media type and the bytes disagree. */
  'media-type-mismatch',
  /** The bytes have another digest than the one asked for. */
  'digest-mismatch',
  /** More or fewer bytes than the descriptor says. */
  'size-mismatch',
  /** The repository does not exist there. */
  'repository-missing',
  /** The tag does not exist there. */
  'tag-missing',
  /** The manifest does not exist there. */
  'manifest-missing',
  /** A blob (config or layer) does not exist there. */
  'blob-missing',
  /** No manifest for the platform asked for. */
  'platform-missing',
  /** Several images and none named, or a tag is needed and not given. */
  'reference-ambiguous',
  /** A tar, zip, gzip or archive of images that breaks its format or tries to leave its folder. */
  'archive-invalid',
  /** An archive that ends too early. */
  'archive-truncated',
  /** The bucket's format is of a newer version than this program knows. */
  'format-too-new',
  /** An object of the bucket that does not hold what the layout says. */
  'format-invalid',
  /** A tag changed again and again under our hands. */
  'tag-conflict',
  /** A manifest that tags still name, and the tags were not to be deleted with it. */
  'manifest-tagged',
  /** A manifest that an index lists, and the index was not to be broken. */
  'manifest-referenced',
  /** More tags are gone at the source of a mirror than may be deleted at once. */
  'prune-refused',
  /** Some of what was to be mirrored was not. */
  'mirror-incomplete',
  /** A collection is under way and did not end within its own expiry. */
  'collection-busy',
  /** The other registry wants a login, or the one given is wrong. */
  'unauthorized',
  /** The other registry refuses this login. */
  'denied',
  /** A program that keeps logins (`docker-credential-…`) failed, hung, or answered what it must not. */
  'credential-helper-failed',
  /** A container engine (the Docker daemon, podman) is not there, not running, or not to be reached by this user. */
  'engine-unavailable',
  /** A container engine refused, failed, or answered what it must not. */
  'engine-failed',
  /** The machine's configuration of container tools blocks this registry. */
  'registry-blocked',
  /** The other registry's rate limit. */
  'rate-limited',
  /** The other registry failed, or cannot be reached. */
  'registry-unavailable',
  /** The other registry answered what the specification does not allow. */
  'registry-invalid',
  /** A file or folder of the user that is not there. */
  'input-missing',
  /** A file of the user that cannot be read, or is not what it should be. */
  'input-invalid',
  /** A file or folder that cannot be written, or stands in the way. */
  'output-failed',
  /** The command line or configuration cannot be understood. */
  'usage-invalid',
  /** Some client that was asked about cannot pull. */
  'pull-impossible',
  /** The user, or the caller's AbortSignal, stopped it. */
  'aborted',
  /** A mistake of bucketry itself. */
  'internal',
] as const;

/** A failure between us and the object store. */
export type BucketErrorCode = (typeof bucketErrorCodes)[number];
/** A failure with images, references, registries and archives. */
export type RegistryErrorCode = (typeof registryErrorCodes)[number];
/** All codes: the tables of exit codes and HTTP statuses have exactly these keys. */
export type ErrorCode = BucketErrorCode | RegistryErrorCode;
