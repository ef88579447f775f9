import * as v from 'valibot';
import type { BucketAbilities } from '../bucket/bucket.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { formatDocument, parseDocument } from './document.ts';

/** The version that this program writes, and the newest that it reads. */
export const formatVersion = 1;

/** What `init` found by probing the store; what it could not tell is left out, and adapters go by what they know. */
type StoreProfile = { readonly [Name in keyof BucketAbilities]?: BucketAbilities[Name] | undefined };

/** `_bucketry/format`: what everyone who writes must know of the bucket. */
export interface BucketFormat {
  readonly version: number;
  readonly store?: StoreProfile | undefined;
  /** Origin from which clients pull, without a path: `https://images.example.com`. */
  readonly publicUrl?: string | undefined;
  /** Whether `v2/_catalog` is kept. Left out where not, since it names every repository. */
  readonly catalog?: boolean | undefined;
}

const bytesSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const storeSchema = v.object({
  conditionalPut: v.optional(v.picklist(['atomic', 'none', 'ignored'])),
  strongList: v.optional(v.boolean()),
  verifiesSha256: v.optional(v.boolean()),
  verifiesCrc32: v.optional(v.boolean()),
  maxPutBytes: v.optional(bytesSchema),
  maxCopyBytes: v.optional(bytesSchema),
  equalParts: v.optional(v.boolean()),
  minPartBytes: v.optional(bytesSchema),
  minWriteIntervalMs: v.optional(bytesSchema),
});
const versionSchema = v.object({ version: v.pipe(v.number(), v.safeInteger(), v.minValue(1)) });
const schema: v.GenericSchema<unknown, BucketFormat> = v.object({
  ...versionSchema.entries,
  store: v.optional(storeSchema),
  publicUrl: v.optional(v.pipe(v.string(), v.check(isOrigin, 'not an origin such as https://images.example.com'))),
  catalog: v.optional(v.boolean()),
});

/** `_bucketry/format` as bytes, in the current version. It is world-readable like all else: it must never hold a key or token. */
export function formatBucketFormat({ store, publicUrl, catalog }: Omit<BucketFormat, 'version'>): Uint8Array {
  return formatDocument({ version: formatVersion, store, publicUrl, catalog });
}

/**
 * Reads `_bucketry/format`. The version is looked at before all else, since a newer one may mean anything by the rest.
 * @throws RegistryError `format-too-new`, `format-invalid`
 */
export function parseBucketFormat(bytes: Uint8Array): BucketFormat {
  const what = 'the format of the bucket ("_bucketry/format")';
  const { version } = parseDocument(versionSchema, bytes, what);
  if (version > formatVersion) {
    throw new RegistryError(
      'format-too-new',
      `Cannot use this bucket: its format has version ${version}, this program knows versions up to ${formatVersion}`,
      {
        hint: 'Install a newer bucketry.',
      },
    );
  }
  return parseDocument(schema, bytes, what);
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.origin === text;
}
