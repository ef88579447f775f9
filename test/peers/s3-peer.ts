import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { createHash } from 'node:crypto';
import type { PeerServer } from './peer-server.ts';

/** How a test reaches a real S3 server that it has started. */
export interface S3Peer {
  /** `http://127.0.0.1:PORT`: the server by path style. */
  readonly endpoint: string;
  readonly port: number;
  readonly pid: number;
  readonly home: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  /** `http://BUCKET.localhost:PORT`: the bucket at its host's root; resolves only where `hosts` are given. */
  virtualHost(bucket: string): string;
  readonly close: () => Promise<void>;
}

/** The credentials of every S3 server that tests start; of no use anywhere else. */
export const TEST_CREDENTIALS = {
  accessKeyId: 'bucketry-test',
  secretAccessKey: 'bucketry-test-secret',
} as const;

/** The region that every S3 server of the tests is given. */
export const TEST_REGION = 'us-east-1';

/** What a request to an S3 server of the tests is signed with. */
export type S3Access = Pick<S3Peer, 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey'>;

/** How to sign requests to the S3 server of the tests on this port of 127.0.0.1. */
export function describeS3Access(port: number): S3Access {
  return { ...TEST_CREDENTIALS, endpoint: `http://127.0.0.1:${port}`, region: TEST_REGION };
}

/** The S3 peer that a server started with the test credentials on this port of 127.0.0.1 is. */
export function describeS3Peer(server: PeerServer, port: number): S3Peer {
  return {
    ...describeS3Access(port),
    port,
    pid: server.pid,
    home: server.home,
    virtualHost: (bucket) => `http://${bucket}.localhost:${port}`,
    close: server.close,
  };
}

/** Makes a bucket (its name has at least 3 characters) with a signer that is not ours. */
export async function createPeerBucket(peer: S3Peer, bucket: string): Promise<void> {
  await requestSigned(peer, 'PUT', `/${bucket}`, {}, '');
}

/** Lets anyone read what a registry client reads: `v2` and all below `v2/`. */
export async function publishPeerBucket(peer: S3Peer, bucket: string): Promise<void> {
  const resources = ['v2', 'v2/*'].map((key) => `arn:aws:s3:::${bucket}/${key}`);
  const statement = {
    Effect: 'Allow',
    Principal: { AWS: ['*'] },
    Action: ['s3:GetObject'],
    Resource: resources,
  };
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await requestSigned(peer, 'PUT', `/${bucket}`, { policy: '' }, policy);
}

async function requestSigned(peer: S3Peer, method: string, path: string, query: Record<string, string>, body: string): Promise<void> {
  const response = await fetchSigned(peer, { method, path, query, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`Cannot ${method} ${path} at ${peer.endpoint}: ${response.status} ${text}`);
}

interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request with a signer that is not ours. */
export async function fetchSigned(peer: S3Access, { method, path, query = {}, body = '' }: SignedRequest): Promise<Response> {
  const { hostname, host, port } = new URL(peer.endpoint);
  const signer = new SignatureV4({
    credentials: peer,
    region: peer.region,
    service: 's3',
    sha256: Sha256,
    uriEscapePath: false,
  });
  const signed = await signer.sign(
    new HttpRequest({
      method,
      protocol: 'http:',
      hostname,
      port: Number(port),
      path,
      query,
      headers: { host, 'content-md5': createHash('md5').update(body).digest('base64') },
      body,
    }),
  );
  const url = new URL(path, peer.endpoint);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const { host: _host, ...headers } = signed.headers;
  return fetch(url, { method, headers, ...(body === '' ? {} : { body }), signal: AbortSignal.timeout(10_000) });
}
