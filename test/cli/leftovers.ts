import { expect } from 'vitest';
import type { Bucket } from '../../src/bucket/bucket.ts';
import type { ObjectKey } from '../../src/bucket/object-key.ts';
import { formatKey } from '../../src/layout/keys.ts';
import { blobHeaders, stagingHeaders } from '../../src/layout/objects.ts';
import { parseDigest } from '../../src/oci/digest.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import type { CommandLine } from './command-line.ts';

/** A bucket, and how the command line names it. */
export interface CleanedBucket {
  readonly bucket: Bucket;
  readonly place: string;
  readonly commandLine: CommandLine;
}

const partSize = 5 * 2 ** 20;
const digest = parseDigest(`sha256:${'a'.repeat(64)}`);
const blobKey = (name: string): ObjectKey => formatKey({ kind: 'blob', name: parseRepositoryName(name), digest });
const staged = formatKey({ kind: 'staging', id: 'left-behind' });

/** Leaves what killed pushes leave: uploads of a blob that is there, of one that is not, and of a staged one; and a staged object. */
async function leaveAll({ bucket }: CleanedBucket): Promise<void> {
  await bucket.put(blobKey('team/there'), bytesSource(new Uint8Array(3)), blobHeaders(digest));
  await bucket.put(staged, bytesSource(new Uint8Array(3)), stagingHeaders());
  for (const key of [blobKey('team/there'), blobKey('team/missing'), staged]) {
    const upload = await bucket.multipart!.create(key, { ...blobHeaders(digest), size: 10, partSize });
    await bucket.multipart!.putPart(upload, 1, bytesSource(new Uint8Array(10)));
  }
}

async function listLeft({ bucket }: CleanedBucket): Promise<string[]> {
  const keys = [blobKey('team/there'), blobKey('team/missing'), staged];
  const uploads = await Promise.all(keys.map((key) => Array.fromAsync(bucket.multipart!.listUploads(key))));
  return [...uploads.flat().map(({ key }) => `upload of ${key}`), ...((await bucket.head(staged)) ? [staged] : [])];
}

/**
 * What `rm --uploads` must do on any store.
 * @param tellsAll false where the store tells uploads of single keys only
 */
export async function checkCleaning(cleaned: CleanedBucket, tellsAll: boolean): Promise<void> {
  const run = async (...words: readonly string[]): Promise<Record<string, unknown> & { readonly stderr: string }> => {
    const { code, stdout, stderr } = await cleaned.commandLine.run('rm', '--uploads', ...words, '--json');
    expect(code, stderr).toBe(0);
    return { ...(JSON.parse(stdout) as Record<string, unknown>), stderr };
  };
  const there = { key: blobKey('team/there') };
  const all = tellsAll ? [{ key: staged }, { key: blobKey('team/missing') }, there] : [there];
  const uploads = all.map((one) => expect.objectContaining(one) as unknown);
  await leaveAll(cleaned);
  const before = await listLeft(cleaned);
  expect(before).toHaveLength(4);
  // Older than what stores round to
  await new Promise((resolve) => setTimeout(resolve, 1100));

  expect(await run(cleaned.place)).toMatchObject({ uploads: [], staged: [], kept: all.length + 1 });
  expect(await run(cleaned.place, '--older-than', '0s', '--dry-run')).toMatchObject({ isDryRun: true, uploads, staged: [staged], kept: 0 });
  expect(await listLeft(cleaned)).toEqual(before);

  const ofOne = await run(`${cleaned.place}${cleaned.place.startsWith('file:') ? '//' : '/'}team/there`, '--older-than', '0s');
  expect(ofOne).toMatchObject({ uploads: [expect.objectContaining(there)], staged: [] });
  const words = expect.stringContaining('cannot be seen') as unknown;
  const rest = await run(cleaned.place, '--older-than', '0s');
  expect(rest).toMatchObject({ uploads: tellsAll ? uploads.slice(0, 2) : [], staged: [staged] });
  expect(rest.stderr).toEqual(tellsAll ? '' : words);
  expect(await listLeft(cleaned)).toEqual(tellsAll ? [] : [`upload of ${blobKey('team/missing')}`, `upload of ${staged}`]);
  expect(await cleaned.bucket.head(blobKey('team/there'))).toMatchObject({ size: 3 });
}
