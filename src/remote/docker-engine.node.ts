import { type ClientRequest, type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { abortError, RegistryError } from '../errors/registry-error.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import { daemonFailed, daemonUnreachable } from './docker-errors.ts';
import type { DockerHost } from './docker-host.node.ts';
import { openSshStream } from './ssh-stream.node.ts';

/** What a Docker daemon does with images (Docker Engine API). */
export interface DockerEngine {
  /**
   * The archive that `docker save` would write.
   * @throws RegistryError `manifest-missing`, `engine-unavailable`, `engine-failed`
   */
  saveImage(name: string, signal: AbortSignal | undefined): Promise<ByteStream>;
  /**
   * Takes an archive, as `docker load` does.
   * @throws RegistryError `engine-unavailable`, `engine-failed`; what the archive throws
   */
  loadImage(archive: ByteStream, signal: AbortSignal | undefined): Promise<void>;
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: ByteStream | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The newest version of the API that was looked at; an older daemon is spoken to in its own, a newer one takes this. */
const newestVersion = '1.47';
/** Of what a daemon says, this much is kept. */
const maxAnswerBytes = 64 * 1024;

/** Opens a daemon. Nothing is asked before the first call. */
export function openDockerEngine(host: DockerHost, wantedVersion?: string): DockerEngine {
  let version: Promise<string> | undefined;
  const call = async ({ path, ...rest }: Call): Promise<IncomingMessage> => {
    version ??= wantedVersion ? Promise.resolve(wantedVersion) : negotiate(host, rest.signal);
    return send(host, { ...rest, path: `/v${await version}${path}` });
  };
  return {
    async saveImage(name, signal) {
      const response = await call({ method: 'GET', path: `/images/${encodeURIComponent(name)}/get`, signal });
      if (response.statusCode === 200) return readBody(response, host, signal);
      const error = daemonFailed(`save ${JSON.stringify(name)}`, host.location, await readAnswer(response));
      if (response.statusCode !== 404) throw error;
      throw new RegistryError('manifest-missing', `Cannot find ${JSON.stringify(name)} in the Docker daemon: it has no such image`, {
        cause: error,
        hint: '"docker images" lists those that it has.',
      });
    },
    async loadImage(archive, signal) {
      const response = await call({ method: 'POST', path: '/images/load?quiet=1', body: archive, signal });
      const answer = await readAnswer(response);
      // It begins with 200 and tells of a failure in what follows.
      if (response.statusCode !== 200 || /"error(Detail)?":/.test(answer)) throw daemonFailed('load the image', host.location, answer);
    },
  };
}

/** The daemon says which version it speaks (`Api-Version` of `GET /_ping`). */
async function negotiate(host: DockerHost, signal: AbortSignal | undefined): Promise<string> {
  const response = await send(host, { method: 'GET', path: '/_ping', signal });
  const answer = await readAnswer(response);
  const spoken = response.headers['api-version'];
  if (response.statusCode !== 200 || typeof spoken !== 'string' || !/^\d+\.\d+$/.test(spoken)) {
    throw daemonFailed('ask for its version', host.location, answer);
  }
  return minorOf(spoken) < minorOf(newestVersion) ? spoken : newestVersion;
}

/** All versions in use begin with 1. */
function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}

async function send(host: DockerHost, { method, path, body, signal }: Call): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = openRequest(host, { method, path, signal });
  request.once('response', resolve);
  request.on('error', (error) => reject(signal?.aborted ? abortError(signal) : daemonUnreachable(host.location, error)));
  if (body === undefined) request.end();
  else void pipeline(Readable.from(body), request).catch((error: unknown) => reject(blame(error, host, signal)));
  return promise;
}

function openRequest(host: DockerHost, call: Omit<Call, 'body'>): ClientRequest {
  const { method, path, signal } = call;
  const options = {
    method,
    path,
    signal,
    headers: { Host: 'docker', ...(method === 'POST' ? { 'Content-Type': 'application/x-tar' } : {}) },
  };
  // Node asks `createConnection` only where no agent is named.
  if (host.kind === 'ssh') return requestPlain({ ...options, createConnection: () => openSshStream(host, signal) });
  const ownConnection = { ...options, agent: false } as const;
  if (host.kind === 'socket') return requestPlain({ ...ownConnection, socketPath: host.path });
  const { hostname, port, tls } = host;
  if (tls === undefined) return requestPlain({ ...ownConnection, hostname, port });
  return requestTls({ ...ownConnection, hostname, port, ca: tls.ca, cert: tls.cert, key: tls.key, rejectUnauthorized: tls.isVerified });
}

async function* readBody(response: IncomingMessage, host: DockerHost, signal: AbortSignal | undefined): ByteStream {
  try {
    yield* response as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw blame(error, host, signal);
  }
}

/** The archive's own failures stay what they are; the rest is the connection's. */
function blame(error: unknown, host: DockerHost, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return abortError(signal);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z]|^ERR_/.test(error.code)
    ? daemonUnreachable(host.location, error)
    : error;
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) text = `${text}${chunk}`.slice(-maxAnswerBytes);
  return text;
}
