import type { Bucket, BucketAbilities } from '../bucket.ts';
import { hexToBase64 } from './base64.ts';
import { knownAbilities } from './s3-abilities.ts';
import { createS3Client, type S3ClientOptions } from './s3-client.ts';
import { preconditionFor } from './s3-conditions.ts';
import { deleteObject, deleteObjects } from './s3-delete.ts';
import { listObjects } from './s3-list.ts';
import { assemblyTimeoutMs, createS3Multipart } from './s3-multipart.ts';
import { formatCondition, formatObjectHeaders, readEtag } from './s3-object-headers.ts';
import { getObject, headObject } from './s3-read.ts';
import { encodeKey } from './s3-uri.ts';
import { requireText } from './s3-xml.ts';

export interface S3BucketOptions extends S3ClientOptions {
  /** What is known better than from the endpoint: what `init` has probed. */
  readonly abilities?: Partial<BucketAbilities> | undefined;
}

/**
 * A bucket of S3, or of a store that speaks like it. Sends nothing until it is used, and every request once, except for a clock or a region that the store corrects; `withRetry` does
 * the rest. Takes over `http` and closes it.
 * @throws BucketError `location-invalid` for a name, a region or an endpoint that cannot be one
 */
export function openS3Bucket(options: S3BucketOptions): Bucket {
  const client = createS3Client(options);
  const { bucket } = options;
  const abilities = knownAbilities(client.endpoint.url(), options.abilities);
  return {
    location: client.location,
    abilities,
    multipart: createS3Multipart(client, bucket, abilities),

    get: (key, getOptions) => getObject(client, key, getOptions),
    head: (key, headOptions) => headObject(client, key, headOptions),
    list: (listOptions) => listObjects(client, listOptions),
    delete: (key, deleteOptions) => deleteObject(client, key, deleteOptions),
    deleteMany: (keys, deleteOptions) => deleteObjects(client, keys, deleteOptions),
    close: () => client.close(),

    async put(key, body, putOptions = {}) {
      const { sha256, signal } = putOptions;
      const action = `write "${key}"`;
      const headers = {
        ...formatObjectHeaders(putOptions),
        ...formatCondition(putOptions),
        ...(sha256 !== undefined && { 'x-amz-checksum-sha256': hexToBase64(sha256) }),
      };
      const sending = client.sendForHeaders({ action, method: 'PUT', key, headers, body, sha256, signal });
      return { etag: readEtag(await preconditionFor(sending, putOptions, action), action) };
    },

    async copy(from, to, copyOptions = {}) {
      const action = `copy "${from}" to "${to}"`;
      const headers = {
        ...formatObjectHeaders(copyOptions),
        'x-amz-copy-source': `/${bucket}/${encodeKey(from)}`,
        'x-amz-metadata-directive': 'REPLACE',
      };
      const request = { action, method: 'PUT', key: to, headers, signal: copyOptions.signal, idleTimeoutMs: assemblyTimeoutMs };
      const result = await client.sendForXml(request, 'CopyObjectResult');
      return { etag: requireText(result, 'ETag', action) };
    },

    // Without credentials there is nothing to lend
    ...(client.isAnonymous ? {} : { presign: (key, { method, expiresInMs }) => client.presign(method, key, expiresInMs) }),
  };
}
