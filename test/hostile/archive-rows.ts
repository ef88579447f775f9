import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { copyImage } from '../../src/transfer/copy-image.ts';
import type { ImageSource } from '../../src/transfer/image-source.ts';
import { openDockerArchiveSource } from '../../src/transports/docker-archive.node.ts';
import { openOciArchiveSource } from '../../src/transports/oci-archive.node.ts';
import { openLayoutSource } from '../../src/transports/oci-layout.node.ts';
import { createImage, damage, type DamagedImage, layoutFiles } from '../faults/bad-images.ts';
import type { HostileRow, HostileStage } from './hostile-row.ts';
import { packRawTar, paxRecord, type RawEntry } from './raw-tar.ts';

/*
 * Files and folders that lie.
 */

type Kind = 'oci' | 'oci-archive' | 'docker-archive';

/** A row of a file, or of a folder, that `write` makes. */
function fileRow(
  kind: Kind,
  lie: string,
  code: HostileRow['code'],
  write: (path: string) => Promise<unknown>,
  maxMemoryMib?: number,
): HostileRow {
  const run = async ({ target, folder }: HostileStage): Promise<void> => {
    const path = join(folder, 'image');
    await write(path);
    const source = await openFiles(kind, path);
    try {
      await copyImage(source, target);
    } finally {
      await source.close();
    }
  };
  return { liar: 'archive', lie: `${kind}: ${lie}`, operation: `push ${kind}:… into a bucket`, code, maxMemoryMib, run };
}

async function openFiles(kind: Kind, path: string): Promise<ImageSource> {
  if (kind === 'oci') return openLayoutSource({ path });
  return kind === 'oci-archive'
    ? openOciArchiveSource({ path }, { maxUnpackedBytes: 2 ** 26 })
    : openDockerArchiveSource({ path }, { maxUnpackedBytes: 2 ** 26 });
}

/** A tar with entries before those of a good layout. */
async function withEntries(entries: readonly RawEntry[]): Promise<Uint8Array> {
  const good = [...layoutFiles(await createImage())].map(([name, body]) => ({ name, body }));
  return packRawTar([...entries, ...good]);
}

function tarRow(
  lie: string,
  code: HostileRow['code'],
  entries: readonly RawEntry[] | (() => readonly RawEntry[]),
  maxMemoryMib?: number,
): HostileRow {
  return fileRow(
    'oci-archive',
    lie,
    code,
    async (path) => writeFile(path, await withEntries(typeof entries === 'function' ? entries() : entries)),
    maxMemoryMib,
  );
}

/** A row of a file of these bytes. */
function bytesRow(
  kind: Exclude<Kind, 'oci'>,
  lie: string,
  code: HostileRow['code'],
  make: () => Uint8Array | Promise<Uint8Array>,
  maxMemoryMib?: number,
): HostileRow {
  return fileRow(kind, lie, code, async (path) => writeFile(path, await make()), maxMemoryMib);
}

/** The first two bits of base 256 and the rest of a number. */
const base256 = (...bytes: readonly number[]): Uint8Array => new Uint8Array([...bytes, ...Array<number>(12).fill(0)].slice(0, 12));
const pax = (body: string, type = 'x'): RawEntry => ({ name: 'pax', type, body });
const evil: RawEntry = { name: 'evil', body: 'evil' };

const names: readonly HostileRow[] = (
  ['../evil', 'a/../../evil', '/etc/passwd', 'a/..', 'C:\\evil', 'a\\..\\evil', '//server/share'] as const
).map((name) => tarRow(`a name that leaves it: ${name}`, 'archive-invalid', [{ name, body: 'evil' }]));

const tars: readonly HostileRow[] = [
  ...names,
  tarRow('a PAX name that leaves it', 'archive-invalid', [pax(paxRecord('path', '../evil')), evil]),
  tarRow('a GNU name that leaves it', 'archive-invalid', [{ name: 'L', type: 'L', body: '../evil\0' }, evil]),
  tarRow('a symbolic link that leaves it', 'archive-invalid', [{ name: 'link', type: '2', linkName: '../../etc/passwd' }]),
  tarRow('an absolute symbolic link', 'archive-invalid', [{ name: 'link', type: '2', linkName: '/etc/passwd' }]),
  tarRow('a hard link that leaves it', 'archive-invalid', [{ name: 'link', type: '1', linkName: '../evil' }]),
  tarRow('a PAX link that leaves it', 'archive-invalid', [pax(paxRecord('linkpath', '../evil')), { name: 'link', type: '2' }]),
  tarRow('a sparse file', 'archive-invalid', [{ name: 'sparse', type: 'S', body: 'x' }]),
  tarRow('a sparse file of PAX', 'archive-invalid', [pax(paxRecord('GNU.sparse.major', '1')), evil]),
  tarRow('a checksum that is wrong', 'archive-invalid', [{ ...evil, checksumError: 1 }]),
  tarRow('a size that is no octal number', 'archive-invalid', [{ ...evil, size: '99999999999\0' }]),
  tarRow('a size of rubbish', 'archive-invalid', [{ ...evil, size: 'rubbish\0\0\0\0\0' }]),
  tarRow('a size that is negative', 'archive-invalid', [{ ...evil, size: base256(0xff, ...Array<number>(11).fill(0xff)) }]),
  tarRow('a size of 2^88 bytes', 'archive-invalid', [{ ...evil, size: base256(0x80, ...Array<number>(11).fill(0xff)) }]),
  tarRow('a size beyond its end', 'archive-truncated', [{ ...evil, size: '77777777777\0' }]),
  tarRow('a PAX size beyond its end', 'archive-truncated', [pax(paxRecord('size', '999999999999')), evil]),
  tarRow('a PAX size that is negative', 'archive-invalid', [pax(paxRecord('size', '-1')), evil]),
  tarRow('a PAX size of no digits', 'archive-invalid', [pax(paxRecord('size', 'many')), evil]),
  tarRow('a PAX size of 400 digits', 'archive-invalid', [pax(paxRecord('size', '9'.repeat(400))), evil]),
  tarRow('a PAX record longer than its header', 'archive-invalid', [pax(paxRecord('path', 'a', '999')), evil]),
  tarRow('a PAX record of no length', 'archive-invalid', [pax(paxRecord('path', 'a', '0')), evil]),
  tarRow('a PAX record of negative length', 'archive-invalid', [pax(paxRecord('path', 'a', '-9')), evil]),
  tarRow('a PAX record without a value', 'archive-invalid', [pax('7 path\n'), evil]),
  tarRow('a PAX header of two megabytes', 'archive-invalid', [pax(paxRecord('comment', 'x'.repeat(2 ** 21))), evil]),
  tarRow('a GNU name of two megabytes', 'archive-invalid', [{ name: 'L', type: 'L', body: 'x'.repeat(2 ** 21) }, evil]),
  tarRow(
    'a million PAX records before a name that leaves it',
    'archive-invalid',
    () => [...Array.from({ length: 16 }, () => pax('6 a=b\n'.repeat(65_536 * 2))), { name: '../evil' }],
    300,
  ),
  tarRow('200,001 entries', 'archive-invalid', () => Array.from({ length: 200_001 }, (_, index) => ({ name: `file-${index}` })), 700),
  fileRow('oci-archive', 'a link in a circle in place of its index', 'archive-invalid', async (path) =>
    writeFile(
      path,
      packRawTar([
        { name: 'oci-layout', body: '{"imageLayoutVersion":"1.0.0"}' },
        { name: 'index.json', type: '2', linkName: 'other' },
        { name: 'other', type: '2', linkName: 'index.json' },
      ]),
    ),
  ),
  fileRow('oci-archive', 'a later entry in place of its index', 'manifest-invalid', async (path) =>
    writeFile(
      path,
      packRawTar([...[...layoutFiles(await createImage())].map(([name, body]) => ({ name, body })), { name: './index.json', body: '[]' }]),
    ),
  ),
];

const zeros = new Uint8Array(2 ** 27);
const half = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length / 2);

const compressed: readonly HostileRow[] = [
  bytesRow('oci-archive', 'a gzip bomb', 'archive-invalid', () => gzipSync(zeros), 500),
  bytesRow('docker-archive', 'a zstd bomb', 'archive-invalid', () => zstdCompressSync(zeros), 500),
  bytesRow('oci-archive', 'a gzip that is cut', 'archive-truncated', async () => half(gzipSync(await withEntries([evil])))),
  bytesRow('oci-archive', 'a zstd that is cut', 'archive-truncated', async () => half(zstdCompressSync(await withEntries([evil])))),
  bytesRow('oci-archive', 'a gzip with a wrong checksum', 'archive-invalid', async () => {
    const bytes = gzipSync(await withEntries([evil]));
    return bytes.fill(0, bytes.length - 8, bytes.length - 4);
  }),
  bytesRow('oci-archive', 'a gzip with rubbish behind it', 'archive-invalid', async () =>
    Buffer.concat([gzipSync(await withEntries([evil])), Buffer.from([0x1f, 0x8b, 1, 2, 3])]),
  ),
  bytesRow('oci-archive', 'a file of bzip2', 'archive-invalid', () => Buffer.from('BZh91AY&SY')),
  bytesRow('oci-archive', 'a file of no bytes', 'input-missing', () => new Uint8Array()),
  bytesRow('oci-archive', 'a file of noise', 'archive-invalid', () => new Uint8Array(4096).fill(0x5a)),
  bytesRow('oci-archive', 'a file that ends within a header', 'archive-truncated', async () =>
    (await withEntries([evil])).subarray(0, 1100),
  ),
  fileRow('oci-archive', 'a terabyte of nothing', 'input-missing', async (path) => {
    await writeFile(path, '');
    await truncate(path, 2 ** 40);
  }),
];

/** A docker-archive of a `manifest.json` and other files. */
function dockerRow(lie: string, code: HostileRow['code'], manifest: unknown, files: readonly RawEntry[] = []): HostileRow {
  const body = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
  return bytesRow('docker-archive', lie, code, () => packRawTar([{ name: 'manifest.json', body }, ...files]));
}

const config: RawEntry = {
  name: 'config.json',
  body: JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { diff_ids: [`sha256:${'0'.repeat(64)}`] } }),
};
const image = { Config: 'config.json', RepoTags: null, Layers: ['layer.tar'] };

const dockers: readonly HostileRow[] = [
  dockerRow('a manifest.json of rubbish', 'manifest-invalid', '[{'),
  dockerRow('a manifest.json that is an object', 'manifest-invalid', {}),
  dockerRow('a manifest.json of no images', 'manifest-missing', []),
  dockerRow('a manifest.json nested 100,000 deep', 'manifest-invalid', '['.repeat(100_000)),
  dockerRow('a manifest.json of five megabytes', 'size-mismatch', ' '.repeat(5 * 2 ** 20)),
  dockerRow('a config that is not there', 'archive-invalid', [image]),
  dockerRow('a config outside', 'archive-invalid', [{ ...image, Config: '../../etc/passwd' }]),
  dockerRow('a config of rubbish', 'manifest-invalid', [image], [{ ...config, body: 'rubbish' }]),
  dockerRow('a config of nine megabytes', 'size-mismatch', [image], [{ ...config, body: ' '.repeat(9 * 2 ** 20) }]),
  dockerRow('a layer that is not there', 'archive-invalid', [image], [config]),
  dockerRow('a layer that is called __proto__', 'archive-invalid', [{ ...image, Layers: ['__proto__'] }], [config]),
  dockerRow(
    'more layers than diff IDs',
    'archive-invalid',
    [{ ...image, Layers: ['layer.tar', 'layer.tar'] }],
    [config, { name: 'layer.tar', body: 'x' }],
  ),
  dockerRow('a layer with other bytes than its diff ID', 'digest-mismatch', [image], [config, { name: 'layer.tar', body: 'x' }]),
  dockerRow('layers that are numbers', 'manifest-invalid', [{ ...image, Layers: [1] }]),
];

/** A layout in a folder, with files changed; undefined: not there. */
function layoutRow(
  lie: string,
  code: HostileRow['code'],
  change: (files: Map<string, Uint8Array | string>, made: DamagedImage) => unknown,
  make: () => Promise<DamagedImage> = createImage,
): HostileRow {
  return fileRow('oci', lie, code, async (path) => {
    const made = await make();
    const files = new Map<string, Uint8Array | string>(layoutFiles(made));
    change(files, made);
    for (const [name, body] of files) {
      await mkdir(dirname(join(path, name)), { recursive: true });
      await writeFile(join(path, name), body);
    }
  });
}

const layouts: readonly HostileRow[] = [
  layoutRow('a folder without oci-layout', 'input-missing', (files) => files.delete('oci-layout')),
  layoutRow('a version that is not known', 'input-invalid', (files) => files.set('oci-layout', '{"imageLayoutVersion":"2.0.0"}')),
  layoutRow('an oci-layout of rubbish', 'manifest-invalid', (files) => files.set('oci-layout', 'rubbish')),
  layoutRow('an index.json of rubbish', 'manifest-invalid', (files) => files.set('index.json', '{')),
  layoutRow('an index.json that is an image', 'media-type-mismatch', (files, { graph, root }) =>
    files.set('index.json', graph.manifests.get(root.digest) ?? ''),
  ),
  layoutRow('an index.json of five megabytes', 'size-mismatch', (files) => files.set('index.json', ' '.repeat(5 * 2 ** 20))),
  layoutRow('an index.json that names a digest outside', 'manifest-invalid', (files) =>
    files.set(
      'index.json',
      JSON.stringify({
        schemaVersion: 2,
        manifests: [{ mediaType: mediaTypes.imageManifest, digest: 'sha256:../../../etc/passwd', size: 1 }],
      }),
    ),
  ),
  layoutRow(
    'a layer that is cut',
    'size-mismatch',
    () => undefined,
    async () => {
      const made = await createImage();
      return damage(made, made.layer, (bytes) => bytes.subarray(1));
    },
  ),
  fileRow('oci', 'a layer that is a link to another file', 'digest-mismatch', async (path) => {
    const made = await createImage();
    for (const [name, body] of layoutFiles(made)) {
      await mkdir(dirname(join(path, name)), { recursive: true });
      await writeFile(join(path, name), body);
    }
    const blob = join(path, 'blobs', made.layer.replace(':', '/'));
    await writeFile(`${blob}-secret`, new Uint8Array(made.graph.blobs.get(made.layer)?.byteLength ?? 0));
    await rm(blob);
    await symlink(`${blob}-secret`, blob);
  }),
  fileRow('oci', 'a file in place of the folder', 'input-invalid', async (path) => writeFile(path, 'x')),
];

export const archiveRows: readonly HostileRow[] = [...tars, ...compressed, ...dockers, ...layouts];
