import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer, Service } from './call.ts';
import { answerPreflight, formatCorsHeaders } from './cors.ts';
import { answerError, finishAnswer, sendAnswer, sendHalf, type Circumstances } from './deliver.ts';
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

interface ReadRequest {
  readonly request: S3Request | undefined;
  readonly operation: Operation | undefined;
  readonly refusal: S3Error | undefined;
}

function readHead(incoming: IncomingMessage, hosts: ExchangeContext['hosts']): ReadRequest {
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

function logRequest(
  log: LoggedRequest[],
  incoming: IncomingMessage,
  { request, operation }: ReadRequest,
  connection: number,
): LoggedRequest {
  const record: LoggedRequest = {
    method: incoming.method ?? '',
    bucket: request?.bucketName,
    key: request?.key,
    query: Object.fromEntries(request?.query ?? []),
    headers: request?.headers ?? {},
    operation,
    connection,
    status: undefined,
    fault: undefined,
  };
  log.push(record);
  return record;
}

/** Reads a body at the connection's pace, and says 100 Continue first where the client waits for it. */
function createBodyReader(incoming: IncomingMessage, outgoing: ServerResponse, pacer: Pacer): () => Promise<Buffer> {
  return async () => {
    if (incoming.headers.expect !== undefined) outgoing.writeContinue();
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      await pacer.spend(chunk.length);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  };
}

async function act(
  context: ExchangeContext,
  { request, operation, refusal }: ReadRequest,
  readBody: () => Promise<Buffer>,
): Promise<Answer> {
  if (refusal) throw refusal;
  if (!request) throw new S3Error('InvalidURI');
  if (!operation) return answerPreflight(context.service, request);
  const answer = await carryOut(context.service, context.verifier, { request, operation }, readBody);
  return { ...answer, headers: { ...answer.headers, ...formatCorsHeaders(context.service, request) } };
}

/** What a request that is not acted on is answered with. */
function answerFault({ mode }: Fault, operation: Operation | undefined, circumstances: Circumstances): Answer {
  const answer = answerError(new S3Error(mode === 'slow-down-503' ? 'SlowDown' : 'InternalError'), circumstances);
  return mode === 'error-in-200' && CAN_FAIL_IN_200.includes(operation) ? { ...answer, status: 200 } : answer;
}

/** Lets a body go by, so that its sender hears the answer; one that waits for a 100 Continue has sent none. */
async function drain(incoming: IncomingMessage, readBody: () => Promise<Buffer>): Promise<void> {
  if (incoming.headers.expect === undefined) await readBody();
}

/** Handles one request from its head to the last byte of its answer, or to the fault that ends it. */
export async function handleExchange(
  context: ExchangeContext,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { number, pacer }: Connection,
): Promise<void> {
  const head = readHead(incoming, context.hosts);
  const record = logRequest(context.log, incoming, head, number);
  const fault = context.faults.take(record);
  record.fault = fault?.mode;
  const requestId = context.log.length.toString(16).toUpperCase().padStart(16, '0');
  const { path } = head.request ?? { path: incoming.url ?? '/' };
  const circumstances = { method: record.method, path, requestId, nowMs: context.service.now() };
  if (fault?.mode === 'reset-before') {
    incoming.socket.resetAndDestroy();
    return;
  }
  const readBody = createBodyReader(incoming, outgoing, pacer);
  const answer = await decide(context, { head, fault, circumstances, incoming, readBody });
  await pacer.wait();
  await deliver({ record, fault, incoming, outgoing, pacer }, finishAnswer(answer, circumstances));
}

interface Undecided {
  readonly head: ReadRequest;
  readonly fault: Fault | undefined;
  readonly circumstances: Circumstances;
  readonly incoming: IncomingMessage;
  readonly readBody: () => Promise<Buffer>;
}

async function decide(context: ExchangeContext, undecided: Undecided): Promise<Answer> {
  const { head, fault, circumstances, incoming, readBody } = undecided;
  if (fault && !actsUnder(fault)) {
    await drain(incoming, readBody);
    return answerFault(fault, head.operation, circumstances);
  }
  try {
    return await act(context, head, readBody);
  } catch (error) {
    if (error instanceof S3Error) return answerError(error, circumstances);
    throw error;
  }
}

interface Delivery {
  readonly record: LoggedRequest;
  readonly fault: Fault | undefined;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly pacer: Pacer;
}

async function deliver({ record, fault, incoming, outgoing, pacer }: Delivery, answer: ReturnType<typeof finishAnswer>): Promise<void> {
  if (fault?.mode === 'reset-after') {
    incoming.socket.resetAndDestroy();
  } else if (fault?.mode === 'stall') {
    incoming.resume();
    if (!incoming.socket.destroyed) await new Promise((resolve) => incoming.socket.once('close', resolve));
  } else {
    record.status = answer.status;
    if (fault?.mode === 'reset-within') await sendHalf(outgoing, answer, 'reset');
    else if (fault?.mode === 'short-body') await sendHalf(outgoing, answer, 'close');
    else {
      if (!incoming.complete && incoming.headers.expect !== undefined) outgoing.setHeader('connection', 'close');
      await sendAnswer(outgoing, answer, pacer);
    }
  }
}
