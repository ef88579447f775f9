import { hasCode } from '../../errors/coded-error.ts';
import { forEachConcurrently } from '../../streams/concurrency.ts';
import type { RequestOptions } from '../bucket.ts';
import type { ObjectKey } from '../object-key.ts';
import { checkedDocument } from './document-body.ts';
import { S3Answer } from './s3-answer.ts';
import type { S3Client } from './s3-client.ts';
import { toBucketError } from './s3-errors.ts';
import { childElements, childText, formatElement, s3Namespace } from './s3-xml.ts';

/** S3 takes no more keys at once. */
const maxKeysAtOnce = 1000;
const singlesAtOnce = 8;

/** DeleteObject; a key that is not there is no error, though some stores say so. */
export async function deleteObject(client: S3Client, key: ObjectKey, { signal }: RequestOptions = {}): Promise<void> {
  try {
    await client.sendForHeaders({ action: `delete "${key}"`, method: 'DELETE', key, signal });
  } catch (error) {
    if (!hasCode(error, 'object-missing')) throw error;
  }
}

/** DeleteObjects, and DeleteObject for each key where the store does not know it. */
export async function deleteObjects(client: S3Client, keys: readonly ObjectKey[], options: RequestOptions = {}): Promise<void> {
  for (let first = 0; first < keys.length; first += maxKeysAtOnce) {
    try {
      await deleteBatch(client, keys.slice(first, first + maxKeysAtOnce), options);
    } catch (error) {
      if (!hasCode(error, 'operation-unsupported')) throw error;
      const rest = keys.slice(first);
      await forEachConcurrently(rest, singlesAtOnce, (key, signal) => deleteObject(client, key, { signal }), options.signal);
      return;
    }
  }
}

async function deleteBatch(client: S3Client, keys: readonly ObjectKey[], { signal }: RequestOptions): Promise<void> {
  const objects = keys.map((key) => formatElement('Object', [formatElement('Key', key)]));
  const document = formatElement('Delete', [...objects, formatElement('Quiet', 'true')], s3Namespace);
  const action = keys.length === 1 ? `delete "${keys[0]}"` : `delete ${keys.length} objects`;
  const result = await client.sendForXml(
    { action, method: 'POST', query: { delete: '' }, ...checkedDocument(document), signal },
    'DeleteResult',
  );
  for (const failure of childElements(result, 'Error')) {
    // One answer holds a verdict for each key; the first that is bad speaks for all
    const answer = new S3Answer({ status: 200, headers: {} }, failure, 0);
    if (answer.s3Code === 'NoSuchKey') continue;
    const failedKey = childText(failure, 'Key') ?? '?';
    const context = { location: client.location, region: '', isAnonymous: client.isAnonymous, key: failedKey, method: 'DELETE' };
    throw toBucketError(answer, { ...context, action: `delete "${failedKey}"` });
  }
}
