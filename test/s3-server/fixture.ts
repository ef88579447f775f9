import { onTestFinished } from 'vitest';
import { send, textsOf, type ClientAnswer, type ClientRequestOptions } from './client.ts';
import { startS3Server, type S3ServerOptions, type S3TestServer } from './server.ts';

export const MIB: number = 2 ** 20;

/** A server and what tests do with it over and over, all in the bucket `pub`. */
export interface Fixture {
  readonly server: S3TestServer;
  readonly send: (options: Omit<ClientRequestOptions, 'bucket'>) => Promise<ClientAnswer>;
  readonly put: (key: string, body?: Uint8Array | string, headers?: Record<string, string>) => Promise<ClientAnswer>;
  readonly get: (key: string, headers?: Record<string, string>) => Promise<ClientAnswer>;
  readonly list: (query?: Record<string, string>) => Promise<ClientAnswer>;
  /** Begins an upload and gives its id. */
  readonly begin: (key: string, headers?: Record<string, string>) => Promise<string>;
  readonly sendPart: (key: string, uploadId: string, partNumber: number, body: Uint8Array | string) => Promise<ClientAnswer>;
  readonly complete: (
    key: string,
    uploadId: string,
    parts: readonly CompletedPart[],
    headers?: Record<string, string>,
  ) => Promise<ClientAnswer>;
}

export interface CompletedPart {
  readonly number: number;
  readonly etag: string;
}

/** The document of a Complete. */
export function formatParts(parts: readonly CompletedPart[]): string {
  const lines = parts.map(({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`);
  return `<CompleteMultipartUpload>${lines.join('')}</CompleteMultipartUpload>`;
}

/** Starts a server that ends with the test that asked for it. */
export async function startFixture(options: S3ServerOptions = {}): Promise<Fixture> {
  const server = await startS3Server({ buckets: ['pub'], ...options });
  onTestFinished(() => server.close());
  const sendHere: Fixture['send'] = (request) => send(server, { bucket: 'pub', ...request });
  return {
    server,
    send: sendHere,
    put: (key, body = 'x', headers = {}) => sendHere({ method: 'PUT', key, body, headers }),
    get: (key, headers = {}) => sendHere({ method: 'GET', key, headers }),
    list: (query = {}) => sendHere({ method: 'GET', query: { 'list-type': '2', ...query } }),
    async begin(key, headers = {}) {
      const [uploadId = ''] = textsOf(await sendHere({ method: 'POST', key, query: { uploads: '' }, headers }), 'UploadId');
      return uploadId;
    },
    sendPart: (key, uploadId, partNumber, body) =>
      sendHere({ method: 'PUT', key, query: { uploadId, partNumber: String(partNumber) }, body }),
    complete: (key, uploadId, parts, headers = {}) =>
      sendHere({ method: 'POST', key, query: { uploadId }, body: formatParts(parts), headers }),
  };
}
