import * as v from 'valibot';
import { nullish, digestSchema } from './descriptor.ts';
import type { Digest } from './digest.ts';
import { parseJsonObject, validateJson } from './parse-json.ts';
import { mediaTypes } from './media-types.ts';
import type { Platform } from './platform.ts';

/** Most bytes of an image config that are read: far above any seen; histories of thousands of steps are some hundred kilobytes. */
export const maxImageConfigBytes: number = 8 * 1024 * 1024;

/** What an image's config says of the image itself (image-spec config.md); how to run it is not looked at. */
export interface ImageConfig {
  /** Undefined where it names no system or no architecture (some artifacts borrow the type). */
  readonly platform: Platform | undefined;
  /** Digests of the layers unpacked, the lowest first, one for each layer of the manifest. */
  readonly diffIds: readonly Digest[];
}

const schema = v.object({
  os: nullish(v.string()),
  architecture: nullish(v.string()),
  variant: nullish(v.string()),
  rootfs: nullish(v.object({ diff_ids: nullish(v.array(digestSchema)) })),
});

/**
 * Reads an image config.
 * @throws RegistryError `manifest-invalid`, `manifest-too-large`
 */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const what = 'an image config';
  const { os, architecture, variant, rootfs } = validateJson(schema, parseJsonObject(bytes, maxImageConfigBytes, what), what);
  return {
    platform: os && architecture ? { os, architecture, variant: variant === '' ? undefined : variant } : undefined,
    diffIds: rootfs?.diff_ids ?? [],
  };
}

/** Whether a config of this media type is an image's, rather than an artifact's. */
export function isImageConfigType(mediaType: string): boolean {
  return mediaType === mediaTypes.imageConfig || mediaType === mediaTypes.dockerConfig;
}
