import type { Descriptor } from '../oci/descriptor.ts';
import { parseDigest } from '../oci/digest.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import type { ByteSource, ByteStream } from '../streams/byte-source.ts';
import { digestHex } from '../streams/hasher.ts';
import type { ImageSource } from './image-source.ts';

/** A layer, and what it was packed to. */
export interface PackedLayer {
  readonly plain: Descriptor;
  readonly packed: Descriptor;
  /** Packs it once more, to the same bytes. */
  readonly open: (signal: AbortSignal | undefined) => ByteStream;
}

/** A source that has the same image with packed layers: a manifest that names them, and all that it says besides. What it gives of a packed layer is packed again while it is read. */
export function createPackedSource(
  source: ImageSource,
  manifest: ImageManifest,
  layers: readonly PackedLayer[],
): { readonly source: ImageSource; readonly root: Descriptor } {
  const bytes = formatManifest(manifest, layers);
  const root = { mediaType: manifest.mediaType, digest: parseDigest(`sha256:${digestHex('sha256', bytes)}`), size: bytes.byteLength };
  const packed = new Map<string, ByteSource>(layers.map((layer) => [layer.packed.digest, packedBlob(layer)]));
  const packedSource: ImageSource = {
    ...source,
    root: async () => root,
    manifest: async (descriptor, options) => (descriptor.digest === root.digest ? bytes : source.manifest(descriptor, options)),
    blob: (blob) => packed.get(blob.digest) ?? source.blob(blob),
  };
  return { source: packedSource, root };
}

/** Of the same image and packer always the same bytes. */
function formatManifest({ kind: _, layers, ...rest }: ImageManifest, packedLayers: readonly PackedLayer[]): Uint8Array {
  const packedOf = new Map<string, Descriptor>(packedLayers.map(({ plain, packed }) => [plain.digest, packed]));
  const body = { schemaVersion: 2, ...rest, layers: layers.map((layer) => packedOf.get(layer.digest) ?? layer) };
  return new TextEncoder().encode(JSON.stringify(body));
}

function packedBlob({ packed: { size }, open }: PackedLayer): ByteSource {
  return { size, seekable: false, open: ({ start = 0, end = size, signal } = {}) => sliceStream(open(signal), start, end) };
}

async function* sliceStream(stream: ByteStream, start: number, end: number): ByteStream {
  let offset = 0;
  for await (const chunk of stream) {
    const [from, to] = [Math.max(start - offset, 0), Math.min(end - offset, chunk.byteLength)];
    if (from < to) yield chunk.subarray(from, to);
    offset += chunk.byteLength;
  }
}
