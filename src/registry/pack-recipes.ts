import type { Bucket } from '../bucket/bucket.ts';
import type { ObjectKey } from '../bucket/object-key.ts';
import { hasCode } from '../errors/coded-error.ts';
import { formatKey } from '../layout/keys.ts';
import { documentHeaders } from '../layout/objects.ts';
import { formatPackedBlob, formatPackRecipe, type PackedBlob, type PackRecipe, parsePackedBlob } from '../layout/pack-recipe.ts';
import { parseDigest } from '../oci/digest.ts';
import { digestHex } from '../streams/hasher.ts';
import type { RequestOptions } from './repository-context.ts';
import { readObject, writeObject } from './small-objects.ts';

/** A record has about a hundred bytes; unknown members may come to it. */
const maxRecordBytes = 4096;

/** The blob that a layer was last packed to, somewhere in the bucket; undefined where there is no record, or none that can be read: the next `recordPack` replaces it. */
export async function findRecordedPack(
  bucket: Bucket,
  recipe: PackRecipe,
  { signal }: RequestOptions = {},
): Promise<PackedBlob | undefined> {
  try {
    const record = await readObject(bucket, recipeKey(recipe), { signal, maxBytes: maxRecordBytes });
    return record && parsePackedBlob(record.bytes);
  } catch (error) {
    if (hasCode(error, 'format-invalid', 'manifest-too-large')) return undefined;
    throw error;
  }
}

/** Records what a layer was packed to, whatever was recorded before. The blob must be visible already. */
export async function recordPack(bucket: Bucket, recipe: PackRecipe, blob: PackedBlob, { signal }: RequestOptions = {}): Promise<void> {
  try {
    await writeObject(bucket, recipeKey(recipe), formatPackedBlob(blob), { ...documentHeaders(), signal });
  } catch (error) {
    // Another push records the same layer at this moment (R2 takes one write a second a key): its record is as good.
    if (!hasCode(error, 'throttled', 'write-conflict')) throw error;
  }
}

function recipeKey(recipe: PackRecipe): ObjectKey {
  return formatKey({ kind: 'pack-recipe', recipe: parseDigest(`sha256:${digestHex('sha256', formatPackRecipe(recipe))}`) });
}
