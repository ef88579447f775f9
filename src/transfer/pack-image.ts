import { RegistryError } from '../errors/registry-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isImageConfigType, maxImageConfigBytes, parseImageConfig } from '../oci/image-config.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import { mapConcurrently } from '../streams/concurrency.ts';
import { readAll } from '../streams/read-all.ts';
import { verify } from '../streams/verify.ts';
import type { TransferListener } from './events.ts';
import type { ImageSource } from './image-source.ts';
import type { ImageWriter, PackRecipe } from './image-target.ts';
import type { LayerPacker } from './layer-packer.ts';
import type { ManifestReader } from './manifest-reader.ts';
import { createPackedSource, type PackedLayer } from './packed-source.ts';
import { carryBlob, on, openSourceBlob } from './sides.ts';

/*
 * Packing on the way. The digest of a packed layer shows only when all of it was packed, and manifests name layers by their digests. So layers go first: each is read once, and
 * verified, compressed, digested and sent in the same pass. What is then left to copy is an image like any other: the same config, since its diff IDs are the digests of unpacked
 * layers, and a manifest that names the packed ones. Nothing of it is visible by name before the copy commits. Where a collection takes a packed layer away before that, it is packed
 * again, to the same bytes.
 *
 * What a layer was packed to is remembered by the target, if it can, under all that shapes the bytes: a layer that is there by that is not read at all. What is remembered is a hint:
 * that the blob is there is looked up as for any other that is skipped, and who unpacks the image compares it with the diff ID.
 */

/** The two ends, and what is between them. */
export interface PackContext {
  readonly source: ImageSource;
  readonly reader: ManifestReader;
  readonly writer: ImageWriter;
  readonly packer: LayerPacker;
  /** Layers at once. */
  readonly concurrency: number;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: TransferListener | undefined;
}

/** An image whose layers are packed. */
export interface PackedImage {
  /** Has the packed layers and their manifest in the place of what was packed. */
  readonly source: ImageSource;
  readonly root: Descriptor;
  /** The layers that were packed by this push, each once; not those that an earlier one packed. */
  readonly layers: readonly Descriptor[];
}

/**
 * Packs the uncompressed layers of an image into the target, other than those that it has packed.
 * @returns undefined where there is nothing to pack: the source's digests are to be kept, the target takes no blobs of unknown digest, or all layers are packed already
 * @throws RegistryError `digest-mismatch` (a layer that is not the one of the config), `size-mismatch`, `manifest-invalid`; what both ends throw
 */
export async function packImage(root: Descriptor, context: PackContext): Promise<PackedImage | undefined> {
  const { source, reader, writer, packer, signal, concurrency, onEvent } = context;
  const putUnknownBlob = writer.putUnknownBlob?.bind(writer);
  if (source.isPackable !== true || !putUnknownBlob) return undefined;
  const { manifest } = await reader.read(root, { signal });
  if (manifest.kind !== 'image' || !isImageConfigType(manifest.config.mediaType)) return undefined;
  const layers = findPackable(manifest, packer);
  if (layers.length === 0) return undefined;
  await checkDiffIds(manifest, context);

  const toPacked = ({ plain, mediaType }: PackableLayer, content: PackedContent): PackedLayer => ({
    plain,
    packed: { mediaType, ...content, annotations: plain.annotations },
    open: (again) => packer.pack(openPlain(source, plain, again)),
  });
  const find = async (layer: PackableLayer, one: AbortSignal): Promise<PackedLayer | undefined> => {
    const content = await on('target', async () => writer.findPacked?.(recipeOf(layer, packer), { signal: one }));
    return content && toPacked(layer, content);
  };
  const pack = async (layer: PackableLayer, one: AbortSignal): Promise<PackedLayer> => {
    const { plain } = layer;
    onEvent?.({ kind: 'blob-started', blob: plain });
    const onRead = onEvent && ((bytes: number): void => onEvent({ kind: 'blob-progress', blob: plain, bytes }));
    const open = (options: { readonly signal?: AbortSignal | undefined } = {}): ByteStream =>
      packer.pack(countBytes(openPlain(source, plain, options.signal), onRead));
    const content = await carryBlob(plain, () => putUnknownBlob({ open }, { signal: one }));
    await on('target', async () => writer.recordPacked?.(recipeOf(layer, packer), content, { signal: one }));
    const packedLayer = toPacked(layer, content);
    onEvent?.({ kind: 'layer-packed', layer: plain, packed: packedLayer.packed });
    return packedLayer;
  };

  const found = (await mapConcurrently(layers, concurrency, find, signal)).filter((layer) => layer !== undefined);
  const foundDigests = new Set<string>(found.map(({ plain }) => plain.digest));
  const missing = layers.filter(({ plain }) => !foundDigests.has(plain.digest));
  if (missing.length > 0) {
    onEvent?.({ kind: 'packing', layers: missing.length, bytes: missing.reduce((sum, { plain }) => sum + plain.size, 0) });
  }
  const packed = await mapConcurrently(missing, concurrency, pack, signal);
  return { ...createPackedSource(source, manifest, [...found, ...packed]), layers: packed.map((layer) => layer.packed) };
}

type PackedContent = Pick<Descriptor, 'digest' | 'size'>;

interface PackableLayer {
  readonly plain: Descriptor;
  /** Of the packed layer. */
  readonly mediaType: string;
}

/** Layers to be packed, each once though an image may have it twice. */
function findPackable({ layers }: ImageManifest, packer: LayerPacker): PackableLayer[] {
  return [...new Map(layers.map((layer) => [layer.digest, layer])).values()].flatMap((plain) => {
    const mediaType = packer.packedType(plain.mediaType);
    return mediaType === undefined ? [] : [{ plain, mediaType }];
  });
}

/** Of a layer whose digest was found to be the config's diff ID (`checkDiffIds`). */
function recipeOf({ plain }: PackableLayer, { packing }: LayerPacker): PackRecipe {
  return { diffId: plain.digest, ...packing };
}

/** An uncompressed layer's digest is its diff ID. Where the config has another, whoever unpacks the image would refuse it, after we had packed it under a new digest. */
async function checkDiffIds({ config, layers }: ImageManifest, { source, packer, signal }: PackContext): Promise<void> {
  const bytes = await on('source', () =>
    readAll(verify(openSourceBlob(source, config).open({ signal }), config), maxImageConfigBytes, `config "${config.digest}"`),
  );
  const { diffIds } = parseImageConfig(bytes);
  for (const [index, { digest, mediaType }] of layers.entries()) {
    if (packer.packedType(mediaType) === undefined || diffIds[index] === digest) continue;
    const wanted = diffIds[index] === undefined ? 'no such layer' : `"${diffIds[index]}"`;
    throw new RegistryError(
      'digest-mismatch',
      `Cannot pack layer ${index + 1} of "${source.location}": its digest is "${digest}", the config wants ${wanted}`,
      { side: 'source' },
    );
  }
}

/** A layer as the source has it. Its last word is whether it was the right one, so that no packed layer is made of a wrong one. */
function openPlain(source: ImageSource, layer: Descriptor, signal: AbortSignal | undefined): ByteStream {
  return verify(openSourceBlob(source, layer).open({ signal }), layer);
}

async function* countBytes(stream: ByteStream, onBytes: ((bytes: number) => void) | undefined): ByteStream {
  for await (const chunk of stream) {
    onBytes?.(chunk.byteLength);
    yield chunk;
  }
}
