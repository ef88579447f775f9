import * as v from 'valibot';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { digestSchema, formatDocument, parseDocument } from './document.ts';

/** An uncompressed layer, and all else that shapes the bytes that it is packed to. */
export interface PackRecipe {
  /** Digest of the uncompressed layer. */
  readonly diffId: Digest;
  /** `gzip` or `zstd`. */
  readonly compression: string;
  readonly level: number;
  /** Names the program and version that packs: another one makes other bytes. */
  readonly packer: string;
}

/** The blob that a layer was packed to. */
export type PackedBlob = Pick<Descriptor, 'digest' | 'size'>;

/** The canonical text of a recipe, whose SHA-256 names its key (docs/bucket-layout.md, "Recipes"). */
export function formatPackRecipe({ diffId, compression, level, packer }: PackRecipe): Uint8Array {
  return formatDocument({ diffId, compression, level, packer });
}

/** Body of a recipe's record. It has no media type: the same bytes are a layer of Docker's types and of OCI's. */
export function formatPackedBlob({ digest, size }: PackedBlob): Uint8Array {
  return formatDocument({ digest, size });
}

const schema: v.GenericSchema<unknown, PackedBlob> = v.object({
  digest: digestSchema,
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});

/**
 * Reads the body of a recipe's record. It is a hint: who uses it must see that the blob is there.
 * @throws RegistryError `format-invalid`
 */
export function parsePackedBlob(bytes: Uint8Array): PackedBlob {
  return parseDocument(schema, bytes, 'the recipe of a packed layer');
}
