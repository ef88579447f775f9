import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { abortError } from '../errors/registry-error.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import { toConnectionError, toHeadError, toTimeoutError } from './connection-error.ts';
import type { HttpRequest, HttpResponse } from './http-client.ts';
import { readIncomingBody } from './node-incoming-body.node.ts';
import { OutgoingBody } from './node-outgoing-body.node.ts';
import { keepReadingAfterFailedWrite } from './node-patient-socket.node.ts';

/** Far more than Node takes of headers. */
const maxHeadBytes = 1024 * 1024;
const headCheckMs = 1000;

interface Timeouts {
  readonly idleTimeoutMs: number;
  /** At most as long. */
  readonly stallTimeoutMs: number;
  readonly connectTimeoutMs: number;
}

/**
 * One request and its answer.
 *
 * The body is sent and the answer awaited side by side, because a server may answer before it has taken everything (403, 503) and then close. Such an answer wins: sending
 * stops, and the connection is closed once the answer was read. A body that fails takes the request with it: the server sees a broken request, never a short body that looks
 * whole, and what the body threw is thrown.
 */
export async function exchange(outgoing: ClientRequest, request: HttpRequest, timeouts: Timeouts): Promise<HttpResponse> {
  const { signal, url } = request;
  const onAbort = (): void => void (signal && outgoing.destroy(abortError(signal)));
  signal?.addEventListener('abort', onAbort, { once: true });
  const release = (): void => signal?.removeEventListener('abort', onAbort);
  const body = new OutgoingBody(outgoing, request);
  try {
    const answered = awaitAnswer(outgoing, request, timeouts, body);
    const sending = body.send();
    const incoming = await answered;
    const isWholeSent = body.isGivenWhole && (await sending);
    if (body.failure) throw body.failure.error;
    const end = (isFinished: boolean): void => {
      release();
      if (!isFinished || !isWholeSent) outgoing.destroy();
    };
    const status = incoming.statusCode ?? 0;
    const headers = joinHeaders(incoming);
    if (!endsWithHeaders(incoming, request)) {
      return { status, headers, body: readIncomingBody(incoming, { request, idleTimeoutMs: timeouts.idleTimeoutMs, end }) };
    }
    await skipBody(outgoing, incoming, isWholeSent);
    release();
    return { status, headers, body: noBytes() };
  } catch (error) {
    outgoing.destroy();
    release();
    if (signal?.aborted) throw abortError(signal);
    throw body.failure ? body.failure.error : toConnectionError(error, url);
  }
}

/** Resolves with the answer's headers, or rejects with what ended the connection; either ends the sending. */
function awaitAnswer(
  outgoing: ClientRequest,
  { url }: HttpRequest,
  { idleTimeoutMs, stallTimeoutMs, connectTimeoutMs }: Timeouts,
  body: OutgoingBody,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  let hasEnded = false;
  /** Whether the rest of the longer time has begun, in which nothing but the answer is waited for. */
  let isPatient = stallTimeoutMs === idleTimeoutMs;
  const settle = (act: () => void): void => {
    hasEnded = true;
    act();
    body.stop();
  };
  outgoing.on('response', (incoming) => settle(() => resolve(incoming)));
  // Stays for the life of the request: an error after the answer is the body's to report
  outgoing.on('error', (error) => settle(() => reject(error)));
  outgoing.on('close', () => settle(() => reject(new Error('The connection was closed without an answer'))));
  const onTimeout = (socket: Socket): void => {
    if (hasEnded) return;
    if (body.isAwaitingSource) socket.setTimeout(stallTimeoutMs);
    else if (!body.isGivenWhole) outgoing.destroy(toTimeoutError(url, 'no byte of the body was taken', stallTimeoutMs));
    else if (isPatient) outgoing.destroy(toTimeoutError(url, 'no byte moved', idleTimeoutMs));
    else {
      isPatient = true;
      socket.setTimeout(idleTimeoutMs - stallTimeoutMs);
    }
  };
  outgoing.on('socket', (socket: Socket) => {
    keepReadingAfterFailedWrite(socket);
    // The request itself would hear of the first timeout only
    const listener = (): void => onTimeout(socket);
    socket.on('timeout', listener);
    outgoing.once('close', () => socket.off('timeout', listener));
    if (socket.connecting) limitConnect(outgoing, socket, url, connectTimeoutMs);
    limitHead(outgoing, socket, url);
  });
  return promise;
}

function limitConnect(outgoing: ClientRequest, socket: Socket, url: URL, connectTimeoutMs: number): void {
  const timer = setTimeout(() => outgoing.destroy(toTimeoutError(url, 'no connection', connectTimeoutMs)), connectTimeoutMs);
  const stop = (): void => clearTimeout(timer);
  socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', stop);
  outgoing.once('close', stop);
}

/** Node's own bound holds for headers: line feeds and 1xx answers may come before them for ever, and the time without a byte never passes. */
function limitHead(outgoing: ClientRequest, socket: Socket, url: URL): void {
  const { bytesRead } = socket;
  const look = (): void => {
    if (socket.bytesRead - bytesRead > maxHeadBytes) outgoing.destroy(toHeadError(url, maxHeadBytes));
  };
  const timer = setInterval(look, headCheckMs).unref();
  const stop = (): void => clearInterval(timer);
  outgoing.once('response', stop).once('close', stop);
}

function endsWithHeaders({ statusCode, headers }: IncomingMessage, { method }: HttpRequest): boolean {
  return method === 'HEAD' || statusCode === 204 || statusCode === 304 || headers['content-length'] === '0';
}

/** Waits until the connection is free again, so that the next request finds it, whether or not anyone reads an empty body. */
async function skipBody(outgoing: ClientRequest, incoming: IncomingMessage, isWholeSent: boolean): Promise<void> {
  incoming.resume();
  if (!isWholeSent) outgoing.destroy();
  if (!outgoing.closed) await once(outgoing, 'close');
}

async function* noBytes(): ByteStream {}

function joinHeaders(incoming: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(incoming.headersDistinct).map(([name, values]) => [name, (values ?? []).join(', ')]));
}
