import * as v from 'valibot';
import { type Digest, parseDigest } from './digest.ts';
import type { Platform } from './platform.ts';

/** How content is named: type, digest, size (image-spec descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly urls?: readonly string[] | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Base64 of the content itself. */
  readonly data?: string | undefined;
  readonly artifactType?: string | undefined;
  readonly platform?: Platform | undefined;
}

/** Go writes absent lists and maps as `null`: read as absent. */
export const nullish = <S extends v.GenericSchema>(
  schema: S,
): v.SchemaWithPipe<
  readonly [v.NullishSchema<S, undefined>, v.TransformAction<v.InferOutput<S> | null | undefined, v.InferOutput<S> | undefined>]
> =>
  v.pipe(
    v.nullish(schema, undefined),
    v.transform((value: v.InferOutput<S> | null | undefined) => value ?? undefined),
  );

/** `type/subtype` of RFC 6838, as the specification asks for media types. */
const mediaTypePattern = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;

/** A media type. */
const mediaTypeSchema: v.GenericSchema<unknown, string> = v.pipe(
  v.string('a media type is missing'),
  v.regex(mediaTypePattern, 'not a media type'),
);

/** Annotations: text to text. */
export const annotationsSchema: v.GenericSchema<unknown, Record<string, string>> = v.record(v.string(), v.string());

const platformSchema: v.GenericSchema<unknown, Platform> = v.object({
  os: v.optional(v.string(), ''),
  architecture: v.optional(v.string(), ''),
  variant: nullish(v.string()),
  'os.version': nullish(v.string()),
  'os.features': nullish(v.array(v.string())),
});

/** A digest inside JSON. */
export const digestSchema: v.GenericSchema<unknown, Digest> = v.pipe(
  v.string('a digest is missing'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return parseDigest(dataset.value);
    } catch (error) {
      addIssue({ message: error instanceof Error ? error.message : String(error) });
      return NEVER;
    }
  }),
);

/** A descriptor inside a manifest or an index; what it does not know, it leaves out (the manifest's bytes keep it). */
export const descriptorSchema: v.GenericSchema<unknown, Descriptor> = v.object({
  mediaType: mediaTypeSchema,
  digest: digestSchema,
  size: v.pipe(v.number('a size is missing'), v.safeInteger('not a whole number of bytes'), v.minValue(0, 'a negative size')),
  urls: nullish(v.array(v.string())),
  annotations: nullish(annotationsSchema),
  data: nullish(v.string()),
  artifactType: nullish(v.string()),
  platform: nullish(platformSchema),
});
