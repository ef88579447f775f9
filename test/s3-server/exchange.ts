import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Answer, Service } from './call.ts';
import { answerPreflight, formatCorsHeaders } from './cors.ts';
import { answerError, finishAnswer, sendAnswer, sendHalf, type Circumstances, type FinishedAnswer } from './deliver.ts';
import { S3Error } from './errors.ts';
import { actsUnder, type Fault, type FaultMode, type FaultQueue } from './faults.ts';
import { findOperation, type Operation } from './operations.ts';
import type { Pacer } from './pace.ts';
import { parseRequest, type S3Request } from './request.ts';
import { carryOut } from './routes.ts';
import type { Verifier } from './signature.ts';

/** A request as tests look back on it. */
export interface LoggedRequest {
  readonly method: string;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** `undefined` for what this server does not know. */
  readonly operation: Operation | undefined;
  /** Which connection it came on, counted from 1. */
  readonly connection: number;
  /** Of the answer, in part or whole; `undefined` while there is none. */
  status: number | undefined;
  /** The fault that hit it. */
  fault: FaultMode | undefined;
}

export interface ExchangeContext {
  readonly service: Service;
  readonly verifier: Verifier;
  readonly hosts: Readonly<Record<string, string>>;
  readonly faults: FaultQueue;
  readonly log: LoggedRequest[];
}

export interface Connection {
  readonly number: number;
  readonly pacer: Pacer;
}

const CAN_FAIL_IN_200: readonly (Operation | undefined)[] = ['CompleteMultipartUpload', 'CopyObject', 'UploadPartCopy'];

/** A request's head, or the reason why it is none. */
interface Head {
  readonly request: S3Request | undefined;
  readonly operation: Operation | undefined;
  readonly refusal: S3Error | undefined;
}

/** One request on its way to its answer. */
interface Exchange extends Head {
  readonly context: ExchangeContext;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly socket: Socket;
  readonly pacer: Pacer;
  readonly record: LoggedRequest;
  readonly fault: Fault | undefined;
  readonly circumstances: Circumstances;
}

function readHead(incoming: IncomingMessage, hosts: ExchangeContext['hosts']): Head {
  let request: S3Request | undefined;
  try {
    request = parseRequest(incoming, hosts);
    const operation = request.method === 'OPTIONS' ? undefined : findOperation(request);
    return { request, operation, refusal: undefined };
  } catch (error) {
    if (error instanceof S3Error) return { request, operation: undefined, refusal: error };
    throw error;
  }
}

function createRecord(method: string, { request, operation }: Head, connection: number): LoggedRequest {
  return {
    method,
    bucket: request?.bucketName,
    key: request?.key,
    query: Object.fromEntries(request?.query ?? []),
    headers: request?.headers ?? {},
    operation,
    connection,
    status: undefined,
    fault: undefined,
  };
}

/** Logs a request and finds its fault. Nothing is awaited before that, so requests count in the order of their heads. */
function openExchange(
  context: ExchangeContext,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { number, pacer }: Connection,
): Exchange {
  const head = readHead(incoming, context.hosts);
  const record = createRecord(incoming.method ?? '', head, number);
  context.log.push(record);
  const fault = context.faults.take(record);
  record.fault = fault?.mode;
  const circumstances = {
    method: record.method,
    path: head.request?.path ?? incoming.url ?? '/',
    requestId: randomBytes(8).toString('hex').toUpperCase(),
    nowMs: context.service.now(),
  };
  return { ...head, context, incoming, outgoing, socket: incoming.socket, pacer, record, fault, circumstances };
}

/** Reads a body at the connection's pace, and says 100 Continue first where the client waits for it. */
async function readBody({ incoming, outgoing, pacer }: Exchange): Promise<Buffer> {
  if (incoming.headers.expect !== undefined) outgoing.writeContinue();
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    await pacer.spend(chunk.length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function act(exchange: Exchange): Promise<Answer> {
  const { context, request, operation, refusal } = exchange;
  if (refusal) throw refusal;
  if (!request) throw new S3Error('InvalidURI');
  if (!operation) return answerPreflight(context.service, request);
  return carryOut(context.service, context.verifier, { request, operation }, () => readBody(exchange));
}

/** What a request that a fault keeps from being carried out is answered with, once its body has gone by. */
async function answerFault(exchange: Exchange, { mode, headers }: Fault): Promise<Answer> {
  const { incoming, operation, circumstances } = exchange;
  if (incoming.headers.expect === undefined) await readBody(exchange);
  const error = new S3Error(mode === 'slow-down-503' ? 'SlowDown' : 'InternalError', undefined, headers && { headers });
  const answer = answerError(error, circumstances);
  return mode === 'error-in-200' && CAN_FAIL_IN_200.includes(operation) ? { ...answer, status: 200 } : answer;
}

async function decide(exchange: Exchange): Promise<Answer> {
  const { fault, circumstances } = exchange;
  if (fault && !actsUnder(fault)) return answerFault(exchange, fault);
  try {
    return await act(exchange);
  } catch (error) {
    if (error instanceof S3Error) return answerError(error, circumstances);
    throw error;
  }
}

/** Waits for the client to hang up. */
async function stall({ incoming, socket }: Exchange): Promise<void> {
  incoming.resume();
  if (!socket.destroyed) await once(socket, 'close');
}

async function deliver(exchange: Exchange, answer: FinishedAnswer): Promise<void> {
  const { record, fault, incoming, outgoing, socket, pacer } = exchange;
  if (fault?.mode === 'reset-after') {
    socket.resetAndDestroy();
    return;
  }
  record.status = answer.status;
  if (fault?.mode === 'reset-within') return sendHalf(outgoing, answer, 'reset');
  if (fault?.mode === 'short-body') return sendHalf(outgoing, answer, 'close');
  // A client that was told nothing to continue with may or may not send its body: no request can follow.
  if (!incoming.complete && incoming.headers.expect !== undefined) outgoing.setHeader('connection', 'close');
  return sendAnswer(outgoing, answer, pacer);
}

/** Handles one request from its head to the last byte of its answer, or to the fault that ends it. */
export async function handleExchange(
  context: ExchangeContext,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  connection: Connection,
): Promise<void> {
  const exchange = openExchange(context, incoming, outgoing, connection);
  const { request, fault, circumstances, socket, pacer } = exchange;
  if (fault?.mode === 'reset-before') {
    socket.resetAndDestroy();
    return;
  }
  if (fault?.mode === 'stall' && !actsUnder(fault)) return stall(exchange);
  const answer = await decide(exchange);
  if (fault?.mode === 'stall') return stall(exchange);
  await pacer.wait();
  const headers = { ...answer.headers, ...(request && formatCorsHeaders(context.service, request)) };
  return deliver(exchange, finishAnswer({ ...answer, headers }, circumstances));
}
