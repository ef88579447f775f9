import { RegistryError } from '../../src/errors/registry-error.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import type { ImageSource } from '../../src/transfer/image-source.ts';
import type { Graph } from './build-image.ts';

/** An image in memory. It verifies nothing, as a source may: what the graph holds under a digest is what it gives. */
export function createMemorySource(graph: Graph, root: Descriptor): ImageSource {
  return {
    location: 'memory:source',
    root: async () => root,
    manifest: async ({ digest }) => {
      const found = graph.manifests.get(digest);
      if (!found) throw new RegistryError('manifest-missing', `Cannot find manifest "${digest}"`);
      return found;
    },
    blob: ({ digest, size }) => {
      const bytes = graph.blobs.get(digest);
      if (bytes) return { ...bytesSource(bytes), size };
      return {
        size,
        seekable: true,
        open: () => {
          throw new RegistryError('blob-missing', `Cannot find blob "${digest}"`);
        },
      };
    },
    referrers: async ({ digest }) => graph.referrers.get(digest) ?? [],
    close: async () => undefined,
  };
}
