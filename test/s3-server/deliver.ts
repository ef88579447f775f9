import { STATUS_CODES, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Answer } from './call.ts';
import type { S3Error } from './errors.ts';
import type { Pacer } from './pace.ts';
import { element, formatErrorDocument } from './xml.ts';

const SLICE_BYTES = 64 * 1024;

/** An answer with all its headers, ready for the wire. */
export interface FinishedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Circumstances {
  readonly method: string;
  readonly path: string;
  readonly requestId: string;
  readonly nowMs: number;
}

/** The document and status of a refusal. */
export function answerError(error: S3Error, { path, requestId }: Circumstances): Answer {
  const { code, message, status, extras } = error;
  const further = Object.entries(extras.elements ?? {}).map(([name, value]) => element(name, value));
  const body = formatErrorDocument(
    element('Code', code),
    element('Message', message),
    ...further,
    element('Resource', path),
    element('RequestId', requestId),
    element('HostId', 'test'),
  );
  return { status, headers: { 'content-type': 'application/xml', ...extras.headers }, body };
}

/** Adds what every answer has, and takes away what its method or status forbids. */
export function finishAnswer(answer: Answer, { method, requestId, nowMs }: Circumstances): FinishedAnswer {
  const { status, body = Buffer.alloc(0) } = answer;
  const isBodyless = method === 'HEAD' || status === 204 || status === 304;
  const hidesLength = status === 204 || status === 304 || (method === 'HEAD' && status >= 400);
  const headers = {
    date: new Date(nowMs).toUTCString(),
    server: 'AmazonS3',
    'x-amz-request-id': requestId,
    'x-amz-id-2': 'test',
    ...answer.headers,
    ...(hidesLength ? {} : { 'content-length': String(body.length) }),
  };
  return { status, headers, body: isBodyless ? Buffer.alloc(0) : body };
}

async function* slice(body: Buffer, pacer: Pacer): AsyncGenerator<Buffer> {
  for (let start = 0; start < body.length; start += SLICE_BYTES) {
    const piece = body.subarray(start, start + SLICE_BYTES);
    await pacer.spend(piece.length);
    yield piece;
  }
}

/** Sends a whole answer; a client that hangs up meanwhile ends it without a word. */
export async function sendAnswer(outgoing: ServerResponse, { status, headers, body }: FinishedAnswer, pacer: Pacer): Promise<void> {
  outgoing.sendDate = false; // the date is the injected clock's
  outgoing.writeHead(status, headers);
  await pipeline(Readable.from(slice(body, pacer), { objectMode: false }), outgoing).catch((error: unknown) => {
    if (!outgoing.destroyed) throw error;
  });
}

/** Sends half an answer past Node's own writer, which would not let us, then ends the connection. */
export async function sendHalf(outgoing: ServerResponse, answer: FinishedAnswer, ending: 'reset' | 'close'): Promise<void> {
  const { socket } = outgoing;
  const { status, headers, body } = answer;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n`, 'latin1');
  const half = body.length > 0 ? Buffer.concat([head, body.subarray(0, body.length >> 1)]) : head.subarray(0, head.length >> 1);
  if (!socket || socket.destroyed) return;
  await new Promise<void>((resolve) => {
    socket.once('close', resolve);
    socket.write(half, () => {
      // A reset drops what the kernel has not sent yet: give it a moment.
      if (ending === 'reset') setTimeout(() => socket.resetAndDestroy(), 10);
      else socket.destroySoon();
    });
  });
}
