import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchSigned, type S3Peer } from '../../peers/s3-peer.ts';
import type { StoredObject } from '../stored-objects.ts';
import type { KillStore } from './kill-store.ts';

/*
 * Reads a bucket of an S3 store with requests of its own, signed by a signer that is not ours.
 */

export interface ObjectStoreOptions {
  readonly name: string;
  readonly server: Pick<S3Peer, 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey'>;
  readonly bucket: string;
  readonly partsAtRisk?: number | undefined;
  /** Where MinIO keeps its data: unfinished uploads of all keys are seen there only. */
  readonly dataFolder?: string | undefined;
}

/** A bucket that is there, and empty. */
export function openObjectStore({ name, server, bucket, partsAtRisk = 0, dataFolder }: ObjectStoreOptions): KillStore {
  const ask = async (method: string, key: string, query: Readonly<Record<string, string>> = {}): Promise<Response> => {
    const path = `/${bucket}${key === '' ? '' : `/${key.split('/').map(encodeURIComponent).join('/')}`}`;
    const response = await fetchSigned(server, { method, path, query });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  const listKeys = async (): Promise<string[]> => {
    const page = await (await ask('GET', '', { 'list-type': '2' })).text();
    if (!page.includes('<IsTruncated>false')) throw new Error(`the listing of ${bucket} has more than one page`);
    return readAll(page, 'Key');
  };
  const listUploads = async (prefix: string): Promise<{ readonly key: string; readonly uploadId: string }[]> => {
    const page = await (await ask('GET', '', { uploads: '', prefix })).text();
    return readBlocks(page, 'Upload').map((block) => ({
      key: readAll(block, 'Key')[0] ?? '',
      uploadId: readAll(block, 'UploadId')[0] ?? '',
    }));
  };
  return {
    name,
    place: `s3://${bucket}`,
    separator: '/',
    partsAtRisk,
    environment: {
      AWS_ENDPOINT_URL_S3: server.endpoint,
      AWS_REGION: server.region,
      AWS_ACCESS_KEY_ID: server.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    },
    async readObjects() {
      const objects: StoredObject[] = [];
      for (const key of await listKeys()) {
        const response = await ask('GET', key);
        const bytes = Buffer.from(await response.arrayBuffer());
        objects.push({ key, bytes, headers: pickHeaders(response.headers) });
      }
      return objects;
    },
    async readUploads(key) {
      const uploads = await listUploads(key);
      return Promise.all(
        uploads.map(async ({ uploadId }) => {
          const page = await (await ask('GET', key, { uploadId })).text();
          return readBlocks(page, 'Part').map((block) => ({
            partNumber: Number(readAll(block, 'PartNumber')[0]),
            size: Number(readAll(block, 'Size')[0]),
          }));
        }),
      );
    },
    async readLeftovers() {
      if (dataFolder === undefined) return (await listUploads('')).map(({ key, uploadId }) => `upload ${uploadId} of ${key}`);
      // One folder for each key, and in it one for each upload
      const root = join(dataFolder, '.minio.sys', 'multipart');
      const keys = await readdir(root).catch(() => []);
      const uploads = await Promise.all(keys.map((key) => readdir(join(root, key)).catch(() => [])));
      return uploads.flat().map((upload) => `upload ${upload}`);
    },
    async clear() {
      for (const key of await listKeys()) await ask('DELETE', key);
      if (dataFolder !== undefined) return;
      for (const { key, uploadId } of await listUploads('')) await ask('DELETE', key, { uploadId });
    },
  };
}

function pickHeaders(headers: Headers): Record<string, string> {
  const isKept = (name: string): boolean =>
    ['content-type', 'cache-control', 'content-encoding'].includes(name) || name.startsWith('x-amz-meta-');
  return Object.fromEntries([...headers].filter(([name]) => isKept(name)));
}

function readAll(xml: string, element: string): string[] {
  return [...xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))].map(([, text = '']) => unescape(text));
}

function readBlocks(xml: string, element: string): string[] {
  return [...xml.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, 'gs'))].map(([, block = '']) => block);
}

function unescape(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}
