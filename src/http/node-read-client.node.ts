import { abortError, throwIfAborted } from '../errors/registry-error.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import type { HttpClient, HttpRequest, HttpResponse } from './http-client.ts';
import type { NodeHttpClientOptions } from './node-http-client.node.ts';
import { findProxy } from './proxy-settings.node.ts';
import type { ReadConnection } from './read-connection.node.ts';
import { ReadConnections } from './read-connections.node.ts';
import { createRotatingLookup } from './rotating-lookup.node.ts';
import type { FilledBlock } from './socket-blocks.ts';

/**
 * The port for who reads many large bodies: plain GETs go over sockets of its own, which are read into memory that is used again: it costs much less than `node:http`. Whatever it does not
 * know - other methods, proxies, answers in chunks or without a length - it leaves to `node:http`, which is not even loaded before (it takes as long as all of bucketry). An answer that turns
 * out so is asked for once more there.
 */
export function createNodeReadClient(options: NodeHttpClientOptions = {}): HttpClient {
  const { idleTimeoutMs = 60_000, connectTimeoutMs = 10_000, lookup = createRotatingLookup(), env = process.env } = options;
  const connections = new ReadConnections({ ...options, connectTimeoutMs, lookup });
  let others: Promise<HttpClient> | undefined;

  const sendOtherwise = async (request: HttpRequest): Promise<HttpResponse> => {
    others ??= import('./node-http-client.node.ts').then(({ createNodeHttpClient }) => createNodeHttpClient(options));
    return (await others).send(request);
  };
  return {
    async send(request) {
      const text = findProxy(request.url, env) ? undefined : formatRequest(request);
      if (text === undefined) return sendOtherwise(request);
      await connections.load(request.url);
      // Not before: from here on the signal is listened to
      throwIfAborted(request.signal);
      const response = await ask(connections.take(request.url), text, request, request.idleTimeoutMs ?? idleTimeoutMs);
      return response ?? sendOtherwise(request);
    },
    prepare(url, count) {
      if (!findProxy(url, env)) void connections.load(url).then(() => connections.prepare(url, count));
    },
    async close() {
      connections.close();
      await (await others)?.close();
    },
  };
}

/** The bytes of a plain GET; undefined for what it is not. */
function formatRequest({ method, url, headers, body }: HttpRequest): string | undefined {
  if (method !== 'GET' || body !== undefined || url.username !== '') return undefined;
  const lines = Object.entries({ host: url.host, ...headers }).map(([name, value]) => `${name}: ${value}`);
  if (lines.some((line) => !/^[\w-]+: [\t\x20-\x7e\x80-\xff]*$/.test(line))) return undefined;
  return [`GET ${url.pathname}${url.search} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

async function ask(
  connection: ReadConnection,
  text: string,
  request: HttpRequest,
  idleTimeoutMs: number,
): Promise<HttpResponse | undefined> {
  const { signal } = request;
  const onAbort = (): void => connection.close(signal && abortError(signal));
  signal?.addEventListener('abort', onAbort, { once: true });
  const release = (): void => signal?.removeEventListener('abort', onAbort);
  try {
    const head = await connection.ask(text, request, idleTimeoutMs);
    if (head) return { status: head.status, headers: head.headers, body: readBody(connection, request, release) };
    release();
    return undefined;
  } catch (error) {
    release();
    throw error;
  }
}

/** @param release called once, when the body has ended, failed or was left */
function readBody(connection: ReadConnection, { mayReuse }: HttpRequest, release: () => void): ByteStream {
  let block: FilledBlock | undefined;
  let hasEnded = false;
  const end = (): IteratorReturnResult<undefined> => {
    hasEnded = true;
    release();
    return { done: true, value: undefined };
  };
  const giveBack = (): void => {
    block?.release();
    block = undefined;
  };
  const iterator: AsyncIterator<Uint8Array, undefined> = {
    async next() {
      giveBack();
      if (hasEnded) return end();
      try {
        block = await connection.next();
      } catch (error) {
        end();
        throw error;
      }
      if (block === undefined) return end();
      if (mayReuse) return { done: false, value: block.bytes };
      const bytes = block.bytes.slice();
      giveBack();
      return { done: false, value: bytes };
    },
    async return() {
      giveBack();
      if (!hasEnded) connection.leave();
      return end();
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
