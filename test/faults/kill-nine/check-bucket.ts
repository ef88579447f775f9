import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { runCommand } from '../../peers/run-command.ts';
import { findWrongObjects, readTags, type StoredObject } from '../stored-objects.ts';

/*
 * What must hold of a bucket at any moment, and when nobody writes any more. None of this is code of ours.
 */

const verifier = fileURLToPath(new URL('../../golden/verify.mjs', import.meta.url));
const stagingKey = /^_bucketry\/staging\/[a-z0-9-]+$/;

/** What would break a reader, with a push killed at any moment: nothing under a digest but its bytes, every tag whole, those of before as they were. */
export function checkReaders(objects: readonly StoredObject[], tagsBefore: ReadonlyMap<string, string>): string[] {
  const tags = readTags(objects);
  const moved = [...tagsBefore].filter(([tag, digest]) => tags.get(tag) !== digest);
  return [
    ...findWrongObjects(objects.filter(({ key }) => !stagingKey.test(key))),
    ...moved.map(([tag]) => `${tag} names something else than before`),
  ];
}

/** In what a bucket does not hold to docs/bucket-layout.md now that its writers have ended. */
export async function verifyBucket(objects: readonly StoredObject[], folder: string): Promise<string[]> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'objects'), { recursive: true });
  const listing = objects.map(({ key, bytes, headers }) => {
    const metadata = Object.entries(headers).flatMap(([name, value]) => (name.startsWith('x-amz-meta-') ? [[name.slice(11), value]] : []));
    return {
      key,
      size: bytes.length,
      sha256: sha256(bytes),
      contentType: headers['content-type'],
      cacheControl: headers['cache-control'],
      contentEncoding: headers['content-encoding'],
      metadata: Object.fromEntries(metadata) as Record<string, string>,
    };
  });
  for (const { bytes } of objects) await writeFile(join(folder, 'objects', sha256(bytes)), bytes);
  await writeFile(join(folder, 'listing.json'), JSON.stringify(listing));
  const { code, stdout, stderr } = await runCommand([process.execPath, verifier, folder]);
  return code === 0 ? [] : [...stdout.trim().split('\n').slice(0, -1), stderr, `the verifier ended with ${code}`].filter(Boolean);
}

/** Whether the layers of a tag's image unpack to what its config says. */
export function checkUnpacked(objects: readonly StoredObject[], repository: string, tag: string): string[] {
  const byKey = new Map(objects.map(({ key, bytes }) => [key, bytes]));
  const read = (key: string): Buffer => byKey.get(key) ?? Buffer.alloc(0);
  const manifest = parse(read(`v2/${repository}/manifests/${tag}`)) as {
    readonly config?: { readonly digest: string };
    readonly layers?: readonly { readonly digest: string; readonly mediaType: string }[];
  };
  const config = parse(read(`v2/${repository}/blobs/${manifest.config?.digest}`)) as {
    readonly rootfs?: { readonly diff_ids: readonly string[] };
  };
  const unpacked = (manifest.layers ?? []).map(({ digest, mediaType }) => {
    const bytes = read(`v2/${repository}/blobs/${digest}`);
    return `sha256:${sha256(mediaType.endsWith('gzip') ? gunzipSync(bytes) : bytes)}`;
  });
  return JSON.stringify(unpacked) === JSON.stringify(config.rootfs?.diff_ids) ? [] : [`${tag}: its layers are not those of its config`];
}

function parse(bytes: Buffer): unknown {
  return bytes.length === 0 ? {} : JSON.parse(bytes.toString());
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
