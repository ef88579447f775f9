import { mediaTypes } from '../../src/oci/media-types.ts';
import { createImage, createIndex, createManifest, damage, type DamagedImage } from '../faults/bad-images.ts';
import { addBlob, addImage, addManifest, createGraph } from '../images/build-image.ts';
import type { HostileRow } from './hostile-row.ts';
import { aboutManifest, registryRow } from './lying-registry.ts';

/*
 * Manifests and indexes that lie. They are given under their true digests, unless that is the lie.
 */

const noLie = (): boolean => false;
const zeros = `sha256:${'0'.repeat(64)}`;
const blob = (change: object = {}): object => ({ mediaType: mediaTypes.layer, digest: zeros, size: 2, ...change });

/** The text of an image manifest with members changed. */
function manifestWith(change: object): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.imageManifest, config: blob(), layers: [blob()], ...change });
}

/** A row of a manifest of any bytes. */
function manifestRow(
  lie: string,
  code: HostileRow['code'],
  body: string | Uint8Array,
  mediaType: string = mediaTypes.imageManifest,
): HostileRow {
  return registryRow(
    lie,
    code,
    aboutManifest(({ response }) => response.writeHead(200, { 'content-type': mediaType }).end(body)),
  );
}

/** A row of a graph of which the registry tells the truth. */
function graphRow(
  lie: string,
  code: HostileRow['code'],
  image: () => DamagedImage | Promise<DamagedImage>,
  maxMemoryMib?: number,
): HostileRow {
  return registryRow(lie, code, noLie, { image, ...(maxMemoryMib !== undefined && { maxMemoryMib, idleTimeoutMs: 15_000 }) });
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const texts: readonly HostileRow[] = [
  manifestRow('a manifest of no bytes', 'manifest-invalid', ''),
  manifestRow('a manifest that is HTML', 'manifest-invalid', '<html><body>Welcome</body></html>'),
  manifestRow('a manifest that is a list', 'manifest-invalid', '[]'),
  manifestRow('a manifest that is null', 'manifest-invalid', 'null'),
  manifestRow('a manifest that is a number', 'manifest-invalid', '1e999'),
  manifestRow('a manifest that is cut off', 'manifest-invalid', manifestWith({}).slice(0, -5)),
  manifestRow('a manifest with rubbish behind it', 'manifest-invalid', `${manifestWith({})}x`),
  manifestRow('a manifest with a byte order mark', 'manifest-invalid', `\uFEFF${manifestWith({})}`),
  manifestRow('a manifest in UTF-16', 'manifest-invalid', new Uint8Array(Buffer.from(manifestWith({}), 'utf16le'))),
  manifestRow('a manifest that is no UTF-8', 'manifest-invalid', new Uint8Array([...bytes('{"a":"'), 0xff, 0xfe, ...bytes('"}')])),
  manifestRow('a manifest with a NUL in it', 'manifest-invalid', `{"schemaVersion":2,\0}`),
  manifestRow('a manifest of lists nested 100,000 deep', 'manifest-invalid', '['.repeat(100_000)),
  manifestRow('a manifest of objects nested 100,000 deep', 'manifest-invalid', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`),
  manifestRow('a manifest without a version', 'manifest-invalid', manifestWith({ schemaVersion: undefined })),
  manifestRow('a manifest of version 3', 'manifest-invalid', manifestWith({ schemaVersion: 3 })),
  manifestRow('a manifest of schema 1', 'schema-1-unsupported', '{"schemaVersion":1,"fsLayers":[]}'),
  manifestRow('a manifest of schema 1 that says 2', 'schema-1-unsupported', manifestWith({ fsLayers: [] })),
  manifestRow('a manifest that is an index, too', 'manifest-invalid', manifestWith({ manifests: [] })),
  manifestRow('a manifest that is an index to clients that heed no capitals', 'manifest-invalid', manifestWith({ Manifests: [] })),
  manifestRow('a manifest whose layers are others to clients in Go', 'manifest-invalid', manifestWith({ 'layer\u017f': [] })),
  manifestRow('an index with a config', 'manifest-invalid', JSON.stringify({ schemaVersion: 2, manifests: [], config: blob() })),
  manifestRow('a manifest of the type that was dropped', 'media-type-unsupported', manifestWith({ blobs: [] })),
  manifestRow('a manifest of no known type', 'media-type-unsupported', manifestWith({ mediaType: 'text/html' })),
  manifestRow('a manifest sent as an index', 'media-type-mismatch', manifestWith({}), mediaTypes.imageIndex),
  manifestRow('a manifest sent as one of Docker', 'media-type-mismatch', manifestWith({}), mediaTypes.dockerManifest),
  manifestRow('a manifest whose layers are an object', 'manifest-invalid', manifestWith({ layers: {} })),
  manifestRow('a manifest whose layers are null', 'manifest-invalid', manifestWith({ layers: null })),
  manifestRow('a manifest whose config is missing', 'manifest-invalid', manifestWith({ config: undefined })),
  manifestRow('a manifest that names __proto__', 'manifest-invalid', '{"__proto__":{"schemaVersion":2,"config":{},"layers":[]}}'),
  manifestRow(
    'a manifest that says its layers twice',
    'manifest-invalid',
    manifestWith({}).replace('"layers":', '"layers":[],"layers":"evil","was":'),
  ),
];

const members: readonly HostileRow[] = (
  [
    ['a layer of negative size', { size: -1 }],
    ['a layer of half a byte', { size: 0.5 }],
    ['a layer of 2^53 bytes', { size: 2 ** 53 }],
    ['a layer of 1e300 bytes', { size: 1e300 }],
    ['a layer whose size is a text', { size: '2' }],
    ['a layer without a size', { size: undefined }],
    ['a layer without a digest', { digest: undefined }],
    ['a layer of an unknown digest algorithm', { digest: `md5:${'0'.repeat(32)}` }],
    ['a layer whose digest is too short', { digest: 'sha256:00' }],
    ['a layer whose digest has capitals', { digest: `sha256:${'A'.repeat(64)}` }],
    ['a layer whose digest climbs out of its folder', { digest: `sha256:../../../../etc/passwd${'0'.repeat(37)}` }],
    ['a layer whose digest ends in a line feed', { digest: `${zeros}\n` }],
    ['a layer whose digest algorithm is that of every object', { digest: `constructor:${'0'.repeat(64)}` }],
    ['a layer whose media type is none', { mediaType: 'layer' }],
    ['a layer whose media type has an escape sequence', { mediaType: 'a/b\u001b[2J' }],
    ['a layer whose annotations are numbers', { annotations: { a: 1 } }],
    ['a layer whose platform is rubbish', { platform: { os: 7 } }],
    ['a layer whose URLs are no list', { urls: 'http://169.254.169.254/' }],
  ] as const
).map(([lie, change]) => manifestRow(lie, 'manifest-invalid', manifestWith({ layers: [blob(change)] })));

const graphs: readonly HostileRow[] = [
  graphRow('a manifest of 4 MiB and a byte', 'manifest-too-large', () => createManifest(' '.repeat(4 * 2 ** 20 + 1))),
  graphRow('other bytes for a manifest by digest', 'digest-mismatch', async () => {
    const image = await createIndex((child) => child);
    const [child = ''] = image.graph.manifests.keys();
    return damage(image, child, (content) => content.with(1, 0x21));
  }),
  graphRow('other bytes for a layer', 'digest-mismatch', async () => {
    const image = await createImage();
    return damage(image, image.layer, (content) => content.with(0, 7));
  }),
  graphRow('other bytes for a config', 'digest-mismatch', async () => {
    const image = await createImage();
    return damage(image, image.config, (content) => content.with(0, 7));
  }),
  graphRow('a layer that is one byte short of its size', 'response-invalid', async () => {
    const image = await createImage();
    return damage(image, image.layer, (content) => content.subarray(1));
  }),
  graphRow('a layer that is not there', 'blob-missing', async () => {
    const image = await createImage();
    image.graph.blobs.delete(image.layer);
    return image;
  }),
  graphRow('an index whose child is not there', 'manifest-missing', () => createIndex((child) => child, false)),
  graphRow('an index that says another size of its child', 'size-mismatch', () =>
    createIndex((child) => ({ ...child, size: child.size + 1 })),
  ),
  graphRow('an index that says another type of its child', 'media-type-mismatch', () =>
    createIndex((child) => ({ ...child, mediaType: mediaTypes.dockerManifest })),
  ),
  graphRow('an index whose child has 2^50 bytes', 'manifest-too-large', () => createIndex((child) => ({ ...child, size: 2 ** 50 }))),
  graphRow('an index with a child of two sizes', 'size-mismatch', async () => {
    const graph = createGraph();
    const child = await addImage(graph, 'linux/amd64');
    return { graph, root: addManifest(graph, mediaTypes.imageIndex, { manifests: [child, { ...child, size: 1 }] }) };
  }),
  graphRow('a layer of two sizes', 'size-mismatch', () => {
    const graph = createGraph();
    const layer = addBlob(graph, mediaTypes.layer, 'layer');
    const config = addBlob(graph, mediaTypes.imageConfig, '{}');
    return { graph, root: addManifest(graph, mediaTypes.imageManifest, { config, layers: [layer, { ...layer, size: 9 }] }) };
  }),
  graphRow('indexes nested 10,000 deep', 'manifest-invalid', () => {
    const graph = createGraph();
    let root = addManifest(graph, mediaTypes.imageIndex, { manifests: [] });
    for (let depth = 0; depth < 10_000; depth += 1) root = addManifest(graph, mediaTypes.imageIndex, { manifests: [root] });
    return { graph, root };
  }),
  graphRow(
    'an index of 20,001 children',
    'manifest-invalid',
    () => {
      const graph = createGraph();
      const child = addManifest(graph, mediaTypes.imageIndex, { manifests: [] });
      return { graph, root: addManifest(graph, mediaTypes.imageIndex, { manifests: Array.from({ length: 20_001 }, () => child) }) };
    },
    400,
  ),
  graphRow(
    'sixty indexes of a million descriptors in all',
    'manifest-too-large',
    () => {
      const graph = createGraph();
      const leaf = { mediaType: 'a/b', digest: zeros, size: 1 };
      const children = Array.from({ length: 60 }, (_, index) =>
        addManifest(graph, mediaTypes.imageIndex, {
          annotations: { index: String(index) },
          manifests: Array.from({ length: 17_000 }, () => leaf),
        }),
      );
      return { graph, root: addManifest(graph, mediaTypes.imageIndex, { manifests: children }) };
    },
    700,
  ),
  registryRow('an index that holds itself', 'digest-mismatch', ({ path, response }) => {
    if (!path.includes('/manifests/')) return false;
    const self = { mediaType: mediaTypes.imageIndex, digest: zeros, size: 200 };
    response.writeHead(200, { 'content-type': mediaTypes.imageIndex });
    response.end(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: [self] }).padEnd(200));
    return true;
  }),
];

export const registryManifestRows: readonly HostileRow[] = [...texts, ...members, ...graphs];
