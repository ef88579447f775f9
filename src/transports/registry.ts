import { RegistryError } from '../errors/registry-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { RemoteRepository } from '../remote/remote-repository.ts';
import type { ImageSource } from '../transfer/image-source.ts';

/** Which image of a repository. */
export interface RegistrySourceOptions {
  readonly repository: RemoteRepository;
  /** A tag, or a digest. */
  readonly reference: string;
  /** As the user wrote it. */
  readonly location: string;
  /** See `ReferrersOptions`. */
  readonly fallbackTags?: ReadonlySet<string> | undefined;
}

/** Most tags that an error names. */
const maxNamedTags = 20;

/** `docker://host/name:tag` as a source. The root is read once and kept, so that a tag that moves meanwhile does not mix two images. */
export function createRegistrySource({ repository, reference, location, fallbackTags }: RegistrySourceOptions): ImageSource {
  let rootBytes: Uint8Array | undefined;
  let root: Descriptor | undefined;
  return {
    location,
    async root(options) {
      try {
        const manifest = await repository.getManifest(reference, options);
        ({ descriptor: root, bytes: rootBytes } = manifest);
        return manifest.descriptor;
      } catch (error) {
        throw await withTags(error, options?.signal);
      }
    },
    async manifest(descriptor, options) {
      if (rootBytes && root?.digest === descriptor.digest) return rootBytes;
      return (await repository.getManifest(descriptor.digest, options)).bytes;
    },
    blob: (descriptor) => repository.blob(descriptor),
    referrers: (subject, options) => repository.listReferrers(subject.digest, { ...options, fallbackTags }),
    siblings: {
      listTags: (options) => Array.fromAsync(repository.listTags(options)),
      open: (tag) => createRegistrySource({ repository, reference: tag, location: `${location} (tag ${tag})` }),
    },
    close: async () => undefined,
  };

  /** A missing tag is easier to mend when the error names those that are there. */
  async function withTags(error: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    if (!(error instanceof RegistryError) || error.code !== 'tag-missing') return error;
    const tags: string[] = [];
    try {
      for await (const tag of repository.listTags({ signal })) if (tags.push(tag) >= maxNamedTags) break;
    } catch {
      return error; // The first failure says more than a list that cannot be had.
    }
    return new RegistryError('tag-missing', error.message, {
      cause: error,
      hint: tags.length > 0 ? `Tags there are: ${tags.join(', ')}` : undefined,
    });
  }
}
