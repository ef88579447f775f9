import * as v from 'valibot';
import { RegistryError } from '../errors/registry-error.ts';
import { annotationsSchema, type Descriptor, descriptorSchema, nullish } from './descriptor.ts';
import { parseJsonObject, validateJson } from './parse-json.ts';
import { imageIndexTypes, imageManifestTypes, mediaTypes, schema1Types } from './media-types.ts';

/** Most bytes of a manifest that are read or stored: what containers/image takes; the specification asks for at least this (distribution-spec, "Pushing Manifests"). */
export const maxManifestBytes: number = 4 * 1024 * 1024;

interface ManifestBase {
  /** A function of the bytes alone: their own `mediaType`, else by their structure. This is the content type they are stored and sent with. */
  readonly mediaType: string;
  readonly artifactType?: string | undefined;
  readonly subject?: Descriptor | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** An image or an artifact: a config and layers (image-spec manifest.md; Docker's schema 2). */
export interface ImageManifest extends ManifestBase {
  readonly kind: 'image';
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** A list of manifests (image-spec image-index.md; Docker's manifest list). */
export interface ImageIndex extends ManifestBase {
  readonly kind: 'index';
  readonly manifests: readonly Descriptor[];
}

/** What a manifest's bytes say; the bytes themselves are what is kept. */
export type Manifest = ImageManifest | ImageIndex;

const base = {
  mediaType: nullish(v.string()),
  artifactType: nullish(v.string()),
  subject: nullish(descriptorSchema),
  annotations: nullish(annotationsSchema),
};
const imageSchema = v.object({ ...base, schemaVersion: v.literal(2), config: descriptorSchema, layers: v.array(descriptorSchema) });
/** Go writes an empty index's list as `null`. */
const indexSchema = v.object({
  ...base,
  schemaVersion: v.literal(2),
  manifests: v.pipe(
    v.nullable(v.array(descriptorSchema)),
    v.transform((list) => list ?? []),
  ),
});

/**
 * Reads a manifest or an index from its bytes. Unknown members are left alone; a body with both `layers` and `manifests` is refused, since clients would read it in two ways
 * (CVE-2021-41190).
 * @param declaredType the media type it came with; if given, it must be the one that the bytes have
 * @throws RegistryError `manifest-too-large`, `manifest-invalid`, `schema-1-unsupported`, `media-type-unsupported`, `media-type-mismatch`
 */
export function parseManifest(bytes: Uint8Array, declaredType?: string): Manifest {
  const json = parseJsonObject(bytes, maxManifestBytes, 'a manifest');
  if (json['schemaVersion'] === 1 || 'fsLayers' in json) throw schema1Unsupported();
  refuseOtherCapitals(json);
  const manifest = 'manifests' in json ? readIndex(json) : readImage(json);
  const type = declaredType?.split(';')[0]?.trim();
  if (type !== undefined && type !== manifest.mediaType) {
    throw new RegistryError(
      'media-type-mismatch',
      `Cannot take a manifest declared as "${type.slice(0, 160)}": its bytes are "${manifest.mediaType}"`,
    );
  }
  return manifest;
}

/** Members that decide what a manifest is. */
const members = ['schemaVersion', 'mediaType', 'config', 'layers', 'manifests', 'fsLayers', 'blobs', 'subject'] as const;
const memberOf: ReadonlyMap<string, string> = new Map(members.map((name) => [foldCase(name), name]));

/** Clients in Go take `Layers`, or `layer\u017f`, for `layers`: what they would read in another way is refused, as what has both is. */
function refuseOtherCapitals(json: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(json)) {
    const meant = memberOf.get(foldCase(name));
    if (meant === undefined || meant === name) continue;
    throw new RegistryError(
      'manifest-invalid',
      `Cannot take a manifest with a member ${JSON.stringify(name.slice(0, 100))}: clients would disagree on whether it is "${meant}"`,
    );
  }
}

/** As Go's encoding/json compares names. */
function foldCase(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/**
 * Refuses Docker's first kind of manifest where its media type is all that is known of it.
 * @throws RegistryError `schema-1-unsupported`
 */
export function refuseSchema1(mediaType: string): void {
  if (schema1Types.has(mediaType)) throw schema1Unsupported();
}

function schema1Unsupported(): RegistryError {
  return new RegistryError(
    'schema-1-unsupported',
    'Cannot take a Docker schema 1 manifest: its digest does not cover its bytes, so it cannot be stored by digest',
    { hint: 'Push the image again with a current client, which writes schema 2 or OCI.' },
  );
}

/** Everything below a manifest that it names: children of an index; config and layers of an image. The subject is not below it. */
export function listChildren(manifest: Manifest): readonly Descriptor[] {
  return manifest.kind === 'index' ? manifest.manifests : [manifest.config, ...manifest.layers];
}

/** The artifact type by which referrers are found (distribution-spec, "Listing Referrers"): its own, else an image's config media type. */
export function artifactTypeOf(manifest: Manifest): string | undefined {
  if (manifest.artifactType !== undefined && manifest.artifactType !== '') return manifest.artifactType;
  return manifest.kind === 'image' ? manifest.config.mediaType : undefined;
}

function readImage(json: Readonly<Record<string, unknown>>): ImageManifest {
  if ('blobs' in json || json['mediaType'] === 'application/vnd.oci.artifact.manifest.v1+json') {
    throw new RegistryError(
      'media-type-unsupported',
      'Cannot take an OCI artifact manifest: the specification dropped this type before its release',
      {
        hint: 'Write the artifact as an image manifest with an artifactType (oras 1.1 and newer do).',
      },
    );
  }
  const { schemaVersion: _, mediaType, ...rest } = validateJson(imageSchema, json, 'an image manifest');
  return { kind: 'image', ...rest, mediaType: checkType(mediaType, imageManifestTypes, mediaTypes.imageManifest) };
}

function readIndex(json: Readonly<Record<string, unknown>>): ImageIndex {
  if ('layers' in json || 'config' in json) {
    throw new RegistryError(
      'manifest-invalid',
      'Cannot take a manifest with both "manifests" and "layers" or "config": clients would disagree on what it is',
    );
  }
  const { schemaVersion: _, mediaType, ...rest } = validateJson(indexSchema, json, 'an image index');
  return { kind: 'index', ...rest, mediaType: checkType(mediaType, imageIndexTypes, mediaTypes.imageIndex) };
}

function checkType(own: string | undefined, allowed: ReadonlySet<string>, otherwise: string): string {
  if (own === undefined || own === '') return otherwise;
  if (allowed.has(own)) return own;
  throw new RegistryError(
    'media-type-unsupported',
    `Cannot take a manifest of media type ${JSON.stringify(own.slice(0, 160))}: wanted ${[...allowed].join(' or ')}`,
  );
}
