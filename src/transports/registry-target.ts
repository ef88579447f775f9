import { RegistryError } from '../errors/registry-error.ts';
import { referrerOf } from '../layout/referrers-index.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import type { Tag } from '../oci/repository-name.ts';
import type { RemotePush } from '../remote/remote-push.ts';
import type { ImageTarget, ImageWriter } from '../transfer/image-target.ts';

/** Under which name an image goes into a repository of a registry. */
export interface RegistryTargetOptions {
  readonly push: RemotePush;
  /** Without one it is pushed by digest only. */
  readonly tag?: Tag | undefined;
  /** As the user wrote it. */
  readonly location: string;
}

/** `docker://host/name:tag` as a target. The connections stay open when it is closed. */
export function createRegistryTarget({ push, tag, location }: RegistryTargetOptions): ImageTarget {
  return {
    location,
    takes: 'graph',
    begin: async () => createWriter(push, tag, location),
    openSibling: (other) => createRegistryTarget({ push, tag: other, location: `${location} (tag ${other})` }),
    close: async () => undefined,
  };
}

/**
 * Order of writes: blobs → manifests by digest, children and subjects first → referrers that the registry does not list by itself → the tag. What a crash leaves before the
 * tag has no name in the registry, and is found and skipped by the next push.
 */
function createWriter(push: RemotePush, tag: Tag | undefined, location: string): ImageWriter {
  const put = new Map<Digest, { readonly descriptor: Descriptor; readonly bytes: Uint8Array }>();
  const unlisted = new Map<Digest, Descriptor[]>();
  return {
    /**
     * A registry takes no manifest before what it names, so one that is there has all of it. But not what has an artifact type, which may refer to something: only the answer
     * to its PUT tells whether the registry lists it, and a push before may have ended before we did.
     */
    hasSubtree: async ({ digest, artifactType }, options) => artifactType === undefined && (await push.hasManifest(digest, options)),
    hasBlob: (blob, options) => push.hasBlob(blob, options),
    putBlob: (blob, bytes, options) => push.putBlob(blob, bytes, options),
    async putManifest(descriptor, bytes, options) {
      const { digest, size, mediaType } = descriptor;
      const listedUnder = await push.putManifest(digest, descriptor, bytes, options);
      put.set(digest, { descriptor, bytes });
      const manifest = parseManifest(bytes, mediaType);
      const subject = manifest.subject?.digest;
      if (subject === undefined || subject === listedUnder) return;
      unlisted.set(subject, [...(unlisted.get(subject) ?? []), referrerOf(manifest, digest, size)]);
    },
    // A registry collects on its own terms, and does not tell.
    settle: async () => 'settled',
    async commit({ digest }, options) {
      const root = put.get(digest);
      if (root === undefined) throw new RegistryError('internal', `Cannot tag "${digest}" in "${location}": it was not put`);
      for (const [subject, referrers] of unlisted) await push.listUnderTag(subject, referrers, options);
      if (tag !== undefined) await push.putManifest(tag, root.descriptor, root.bytes, options);
    },
    async abandon({ discard = false, signal } = {}) {
      if (discard) await push.cancelUploads({ signal });
    },
  };
}
