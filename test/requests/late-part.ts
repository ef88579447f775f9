import { expect } from 'vitest';
import { staticCredentials } from '../../src/bucket/s3/credentials-provider.ts';
import { openS3Bucket } from '../../src/bucket/s3/s3-bucket.ts';
import type { HttpClient } from '../../src/http/http-client.ts';
import { createNodeHttpClient } from '../../src/http/node-http-client.node.ts';
import { formatKey } from '../../src/layout/keys.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { createTransferEngine } from '../../src/parallel/transfer-engine.ts';
import { openRepository } from '../../src/registry/repository.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import { systemClock } from '../../src/streams/clock.ts';
import { verify } from '../../src/streams/verify.ts';
import { describeBytes } from '../images/build-image.ts';

/** A store with a bucket. */
export interface LateStore {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Twelve parts of the published size. */
const layerBytes = 60 * 2 ** 20;
const latePart = '3';

/**
 * Pushes a layer over connections of which one sends half a part and then hardly anything, and checks that the part came by another, once, that the upload did not begin anew,
 * and that the blob is right.
 */
export async function pushOverOneSlowConnection({ endpoint, region, bucket: name, credentials }: LateStore): Promise<void> {
  const sent: string[] = [];
  const http = createNodeHttpClient({ env: {} });
  const slow: HttpClient = {
    close: () => http.close(),
    send(request) {
      const part = request.url.searchParams.get('partNumber');
      const isFirst = part === latePart && !sent.includes(latePart);
      sent.push(part ?? `${request.method}${request.url.search}`);
      const { body } = request;
      if (!isFirst || !body) return http.send(request);
      async function* crawl(): AsyncGenerator<Uint8Array> {
        for await (const chunk of body?.open({ signal: request.signal }) ?? []) {
          yield chunk.subarray(0, chunk.byteLength / 2);
          await systemClock.sleep(60_000, request.signal);
          yield chunk.subarray(chunk.byteLength / 2);
        }
      }
      return http.send({ ...request, body: { ...body, open: crawl } });
    },
  };
  const bucket = openS3Bucket({
    bucket: name,
    endpoint,
    region,
    credentials: staticCredentials(credentials),
    http: slow,
    clock: systemClock,
  });
  try {
    const bytes = new Uint8Array(layerBytes);
    for (let block = 0; block * 1000 < layerBytes; block += 1) bytes.fill(block % 251, block * 1000, (block + 1) * 1000);
    const layer = describeBytes('application/vnd.oci.image.layer.v1.tar', bytes);
    const engine = createTransferEngine({ clock: systemClock, maxConnections: 4 });
    const repository = openRepository(bucket, parseRepositoryName('late'), engine);
    const progress: number[] = [];
    await repository.blobs.put(layer, bytesSource(bytes), { onProgress: (moved) => void progress.push(moved) });
    expect(sent.filter((part) => part === latePart)).toHaveLength(2);
    // Bytes for one more part that was late by chance, at most
    expect(sent.filter((part) => /^\d+$/.test(part)).length).toBeLessThanOrEqual(14);
    expect(sent.filter((part) => part === 'POST?uploads=')).toHaveLength(1);
    expect(progress.reduce((sum, moved) => sum + moved, 0)).toBe(layerBytes);
    const stored = await bucket.get(formatKey({ kind: 'blob', name: repository.name, digest: layer.digest }));
    for await (const _ of verify(stored?.body ?? bytesSource(new Uint8Array()).open(), layer));
  } finally {
    await bucket.close();
  }
}
