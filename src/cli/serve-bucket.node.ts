import { styleText } from 'node:util';
import type { Bucket } from '../bucket/bucket.ts';
import { describeRequest } from '../server/describe-request.ts';
import { type RunningServer, serveFetch } from '../server/node-server.node.ts';
import { answerStatic, decodePath, type StaticAnswererOptions } from '../server/static-answerer.ts';
import type { ListenAddress } from './parse-listen.ts';

/** One request, as the log and `--json` show it. */
export interface ServedRequest {
  readonly method: string;
  /** As it was asked for, without its query. */
  readonly path: string;
  readonly status: number;
  /** What a registry client means by it. */
  readonly meaning: string;
}

export interface ServeBucketOptions extends ListenAddress, StaticAnswererOptions {
  readonly onRequest: (request: ServedRequest) => void;
}

/**
 * Serves what of a bucket is public, as the store's own public address would, and tells of each request.
 * @throws RegistryError `usage-invalid` where the address cannot be listened on
 */
export async function serveBucket(bucket: Bucket, options: ServeBucketOptions): Promise<RunningServer> {
  const { onRequest } = options;
  const handler = async (request: Request): Promise<Response> => {
    const response = await answerStatic(bucket, request, options);
    const { method, url } = request;
    onRequest({ method, path: new URL(url).pathname, status: response.status, meaning: describeRequest(method, decodePath(url) ?? '') });
    return response;
  };
  return serveFetch(handler, options);
}

/** A request as two lines: what it means, and what it is. */
export function formatRequest({ method, path, status, meaning }: ServedRequest): string {
  return `${styleText('dim', `# ${meaning}`)}\n${method} ${path} ${status}`;
}
