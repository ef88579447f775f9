import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import type { ErrorCode } from '../../src/errors/codes.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { folderTest } from '../images/folder-test.ts';
import {
  createImage,
  createIndex,
  createManifest,
  damage,
  type DamagedImage,
  layoutFiles,
  packEntries,
  writeLayout,
} from './bad-images.ts';
import { readReport, runWords } from './command-line.ts';
import { readLayout as readFolder } from './layout-contents.ts';

/** What is given to `push`, and what becomes of it. */
interface Row {
  readonly input: string;
  /** Writes it into a folder. @returns the place to push from */
  readonly write: (folder: string) => Promise<string>;
  readonly code: ErrorCode;
  readonly exitCode: number;
  /** What of the words says what is wrong and where; what to do is in each. */
  readonly says: readonly RegExp[];
}

const layout =
  (make: () => DamagedImage | Promise<DamagedImage>): Row['write'] =>
  async (folder) => {
    await writeLayout(join(folder, 'image'), await make());
    return `oci:${join(folder, 'image')}`;
  };

const archive =
  (kind: 'oci-archive' | 'docker-archive', make: () => Promise<Uint8Array>): Row['write'] =>
  async (folder) => {
    await writeFile(join(folder, 'image.tar'), await make());
    return `${kind}:${join(folder, 'image.tar')}`;
  };

/** The files of a good layout, with one more before them. */
async function packWith(name: string, body = 'evil'): Promise<Buffer> {
  return packEntries([[name, body], ...layoutFiles(await createImage())]);
}

const flipFirst = (bytes: Uint8Array): Uint8Array => bytes.with(0, (bytes[0] ?? 0) ^ 1);
const digest = /"sha256:[0-9a-f]{64}"/;

const rows: readonly Row[] = [
  {
    input: 'a manifest that is no JSON',
    write: layout(() => createManifest('{"schemaVersion":2,')),
    code: 'manifest-invalid',
    exitCode: 7,
    says: [digest, /oci:.*image/, /not JSON/],
  },
  {
    input: 'a manifest whose members are wrong',
    write: layout(() => createManifest('{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"sha256:12","size":-1},"layers":[]}')),
    code: 'manifest-invalid',
    exitCode: 7,
    says: [digest, /oci:.*image/, /at "config\./],
  },
  {
    input: 'a manifest that is an image and an index',
    write: layout(() => createManifest('{"schemaVersion":2,"layers":[],"manifests":[]}', mediaTypes.imageIndex)),
    code: 'manifest-invalid',
    exitCode: 7,
    says: [digest, /oci:.*image/, /both "manifests" and "layers"/],
  },
  {
    input: 'a manifest of schema 1',
    write: layout(() => createManifest('{"schemaVersion":1,"name":"a/b","fsLayers":[]}')),
    code: 'schema-1-unsupported',
    exitCode: 7,
    says: [digest, /schema 1/, /Push the image again/],
  },
  {
    input: 'a manifest over 4 MiB',
    write: layout(() => createManifest(`{"schemaVersion":2,"annotations":{"a":"${'a'.repeat(4 * 2 ** 20)}"}}`)),
    code: 'manifest-too-large',
    exitCode: 7,
    says: [digest, /4194304/],
  },
  {
    input: 'a manifest with another digest',
    write: layout(async () => {
      const image = await createImage();
      return damage(image, image.root.digest, flipFirst);
    }),
    code: 'digest-mismatch',
    exitCode: 7,
    says: [digest, /has the digest|have the digest/, /the source of the copy/],
  },
  {
    input: 'a manifest of another size',
    write: layout(async () => {
      const image = await createImage();
      return { ...image, root: { ...image.root, size: image.root.size + 1 } };
    }),
    code: 'size-mismatch',
    exitCode: 7,
    says: [digest, /\d+ bytes/, /the source of the copy/],
  },
  {
    input: 'a manifest of another media type than its index says',
    write: layout(() => createIndex((child) => ({ ...child, mediaType: mediaTypes.dockerManifest }))),
    code: 'media-type-mismatch',
    exitCode: 7,
    says: [/docker\.distribution\.manifest/, /vnd\.oci\.image\.manifest/],
  },
  {
    input: 'an index whose child is missing',
    write: layout(() => createIndex((child) => child, false)),
    code: 'manifest-missing',
    exitCode: 4,
    says: [digest, /oci:.*image/, /the source of the copy/],
  },
  {
    input: 'an image whose layer is missing',
    write: layout(async () => {
      const image = await createImage();
      image.graph.blobs.delete(image.layer);
      return image;
    }),
    code: 'blob-missing',
    exitCode: 4,
    says: [digest, /oci:.*image/, /the source of the copy/],
  },
  {
    input: 'a layer with another digest',
    write: layout(async () => {
      const image = await createImage();
      return damage(image, image.layer, flipFirst);
    }),
    code: 'digest-mismatch',
    exitCode: 7,
    says: [digest, /have the digest/, /the source of the copy/],
  },
  ...(['short', 'long'] as const).map((way): Row => ({
    input: `a layer that is too ${way}`,
    write: layout(async () => {
      const image = await createImage();
      return damage(image, image.layer, (bytes) => (way === 'short' ? bytes.subarray(1) : new Uint8Array([...bytes, 0])));
    }),
    code: 'size-mismatch',
    exitCode: 7,
    says: [digest, /\d+ bytes/, /wanted/, /the source of the copy/],
  })),
  {
    input: 'a tar with a name above its folder',
    write: archive('oci-archive', () => packWith('../evil')),
    code: 'archive-invalid',
    exitCode: 3,
    says: [/image\.tar"/, /"\.\.\/evil"/],
  },
  {
    input: 'a tar with a name that leaves its folder half-way',
    write: archive('docker-archive', () => packWith('a/../../evil')),
    code: 'archive-invalid',
    exitCode: 3,
    says: [/image\.tar"/, /"a\/\.\.\/\.\.\/evil"/],
  },
  {
    input: 'a tar with an absolute name',
    write: archive('oci-archive', () => packWith('/etc/passwd')),
    code: 'archive-invalid',
    exitCode: 3,
    says: [/image\.tar"/, /"\/etc\/passwd"/],
  },
  {
    input: 'a tar that ends within an entry',
    write: archive('oci-archive', async () => (await packWith('padding', 'x'.repeat(5000))).subarray(0, 3000)),
    code: 'archive-truncated',
    exitCode: 3,
    says: [/image\.tar"/, /ends too early/],
  },
  {
    input: 'a gzip that is cut',
    write: archive('oci-archive', async () => {
      const whole = gzipSync(await packWith('padding', 'x'.repeat(5000)));
      return whole.subarray(0, whole.length / 2);
    }),
    code: 'archive-truncated',
    exitCode: 3,
    says: [/image\.tar"/, /gzip data ends too early/],
  },
  {
    input: 'a docker-archive without a manifest.json',
    write: archive('docker-archive', () => packEntries([['readme', 'hello']])),
    code: 'archive-invalid',
    exitCode: 3,
    says: [/manifest\.json/],
  },
  {
    input: 'no file at all',
    write: async (folder) => `oci-archive:${join(folder, 'image.tar')}`,
    code: 'input-missing',
    exitCode: 3,
    says: [/image\.tar/, /no such file/],
  },
];

const environmentOf = (folder: string) => ({ HOME: folder, XDG_CONFIG_HOME: folder });

/** A bucket with an image in it, and its files. */
async function createBucket(folder: string): Promise<string> {
  await writeLayout(join(folder, 'good'), await createImage('good'));
  const bucket = join(folder, 'bucket');
  const { exitCode, stderr } = await runWords(
    ['push', `oci:${join(folder, 'good')}`, `file:${bucket}//team/app:1.0`],
    environmentOf(folder),
  );
  expect(stderr).not.toContain('error');
  expect(exitCode).toBe(0);
  return bucket;
}

describe('a push of bad input', () => {
  folderTest.for(rows)('is refused: $input', async ({ write, code, exitCode, says }, { folder }) => {
    const bucket = await createBucket(folder);
    const before = await readFolder(bucket);
    const source = await write(folder);
    const forPeople = await runWords(['push', source, `file:${bucket}//team/app:1.0`], environmentOf(folder));
    const asJson = await runWords(['push', source, `file:${bucket}//team/app:1.0`, '--json'], environmentOf(folder));

    expect([forPeople.exitCode, asJson.exitCode], forPeople.stderr).toEqual([exitCode, exitCode]);
    expect(readReport(asJson)).toMatchObject({ code, exitCode, message: expect.stringMatching(/^Cannot /) });
    for (const words of says) expect(forPeople.stderr).toMatch(words);
    expect(forPeople.stderr).toContain(`code:  ${code}`);
    expect(forPeople.stderr).toMatch(/\n {2}hint: {2}\S/);
    expect(forPeople.stderr).not.toMatch(/\n\s+at /);
    // A blob that nothing names may be left, which no reader sees.
    const isSeen = (name: string): boolean => before.has(name) || !/\/blobs\/|^\.directory-bucket\//.test(name);
    expect(new Map([...(await readFolder(bucket))].filter(([name]) => isSeen(name)))).toEqual(before);
  });

  folderTest('does not touch a bucket of a newer format', async ({ folder }) => {
    const bucket = await createBucket(folder);
    const format = join(bucket, '_bucketry', 'format');
    await writeFile(format, (await readFile(format, 'utf8')).replace('"version":1', '"version":2'));
    const before = await readFolder(bucket);
    const { exitCode, stderr } = await runWords(
      ['push', `oci:${join(folder, 'good')}`, `file:${bucket}//team/app:2.0`],
      environmentOf(folder),
    );
    expect([exitCode, stderr]).toEqual([7, expect.stringMatching(/version 2[^]*code: {2}format-too-new[^]*hint: /)]);
    expect(await readFolder(bucket)).toEqual(before);
  });
});
