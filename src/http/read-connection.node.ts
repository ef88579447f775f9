import type { OnReadOpts, Socket } from 'node:net';
import { abortError } from '../errors/registry-error.ts';
import { toConnectionError, toHeadError, toTimeoutError } from './connection-error.ts';
import type { HttpRequest } from './http-client.ts';
import { parseResponseHead, type ResponseHead } from './response-head.ts';
import { type FilledBlock, SocketBlocks } from './socket-blocks.ts';

/** More than any server sends before a body. */
const maxHeadBytes = 32 * 1024;
const headEnd = [13, 10, 13, 10] as const;
/** Servers close connections that rest, without a word: they are given up before. */
const maxRestMs = 4_000;
/** Longest time that bytes wait for more to fill their block. */
const patienceMs = 100;

/** One exchange on a connection: an answer, given as it comes. */
interface Exchange {
  readonly request: HttpRequest;
  readonly idleTimeoutMs: number;
  readonly head: PromiseWithResolvers<ResponseHead | undefined>;
  /** Undefined as long as the head has not come. */
  bodyLeft: number | undefined;
  isReusable: boolean;
  /** Whether a block is given before it is full. */
  isEager: boolean;
  readonly blocks: FilledBlock[];
  /** Whoever waits for the next block, or for the end. */
  wake: (() => void) | undefined;
}

/**
 * A connection that asks for one thing at a time and reads the answer into memory that is used again. It knows plain answers only (see `parseResponseHead`); any other closes it.
 */
export class ReadConnection {
  readonly #blocks = new SocketBlocks();
  readonly #socket: Socket;
  #exchange: Exchange | undefined;
  #failure: Error | undefined;
  #isPaused = false;

  /** @param openSocket begins to connect; the socket is to be read by what it is given, and by nothing else */
  constructor(openSocket: (onread: OnReadOpts) => Socket) {
    this.#socket = openSocket({ buffer: () => this.#blocks.room, callback: (count) => this.#receive(count) });
    this.#socket.on('error', (error) => void (this.#failure ??= error));
    this.#socket.on('close', () => this.#fail(Object.assign(new Error('The connection was closed'), { code: 'ECONNRESET' })));
    this.#socket.on('timeout', () => this.#onTimeout());
    this.#rest();
  }

  /** Whether it can take a request. */
  get isFree(): boolean {
    return this.#failure === undefined && !this.#socket.destroyed && this.#exchange === undefined;
  }

  get isConnecting(): boolean {
    return this.#socket.connecting;
  }

  /** Calls back once, when the connection has ended. */
  onClose(listener: () => void): void {
    this.#socket.once('close', listener);
  }

  close(error?: Error): void {
    this.#socket.destroy(error);
  }

  /**
   * Sends a request and gives the head of its answer; undefined where it is not plain, and then nothing of the answer was used. What must end with the answer is told by the
   * request's signal.
   */
  async ask(text: string, request: HttpRequest, idleTimeoutMs: number): Promise<ResponseHead | undefined> {
    const head = Promise.withResolvers<ResponseHead | undefined>();
    this.#exchange = { request, idleTimeoutMs, head, bodyLeft: undefined, isReusable: false, isEager: false, blocks: [], wake: undefined };
    this.#socket.ref();
    this.#socket.setTimeout(idleTimeoutMs);
    this.#socket.write(text, 'latin1');
    return head.promise;
  }

  /** The next block of the body, to be released before the one after it is asked for; undefined at its end, when the connection is free again. */
  async next(): Promise<FilledBlock | undefined> {
    const exchange = this.#exchange;
    if (exchange === undefined) return undefined;
    this.#goOn();
    while (exchange.blocks.length === 0 && exchange.bodyLeft !== 0) {
      if (this.#failure) throw this.#explain(this.#failure, exchange);
      await this.#wait(exchange);
    }
    const block = exchange.blocks.shift();
    if (block === undefined) this.#end(exchange);
    return block;
  }

  /** Waits for a block that is full; after a while for one with anything in it. */
  async #wait(exchange: Exchange): Promise<void> {
    this.#socket.setTimeout(exchange.idleTimeoutMs);
    const timer = setTimeout(() => {
      exchange.isEager = true;
      this.#handOver(exchange, this.#blocks.copy());
    }, patienceMs);
    await new Promise<void>((resolve) => (exchange.wake = resolve));
    clearTimeout(timer);
    exchange.wake = undefined;
    exchange.isEager = false;
  }

  /** Leaves the body: one that has come whole leaves the connection free, any other closes it. */
  leave(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    for (const block of exchange.blocks.splice(0)) block.release();
    if (exchange.bodyLeft === 0) this.#end(exchange);
    else this.#socket.destroy();
  }

  #receive(count: number): boolean {
    this.#blocks.add(count);
    const exchange = this.#exchange;
    if (exchange === undefined || exchange.bodyLeft === 0) {
      this.#socket.destroy(new Error('The server sent what nobody asked for'));
      return false;
    }
    if (exchange.bodyLeft === undefined) this.#receiveHead(exchange);
    else this.#receiveBody(exchange, count);
    this.#isPaused = this.#blocks.isBlocked;
    return !this.#isPaused;
  }

  #receiveHead(exchange: Exchange): void {
    const { filled } = this.#blocks;
    const end = findHeadEnd(filled);
    if (end === -1 && filled.byteLength < maxHeadBytes) return;
    if (end === -1) return void this.#socket.destroy(toHeadError(exchange.request.url, maxHeadBytes));
    const head = parseResponseHead(new TextDecoder('latin1').decode(filled.subarray(0, end)));
    exchange.bodyLeft = head?.contentLength ?? 0;
    exchange.isReusable = head?.isReusable ?? false;
    exchange.head.resolve(head);
    if (head === undefined) {
      this.#exchange = undefined;
      return void this.#socket.destroy();
    }
    this.#blocks.skip(end + headEnd.length);
    this.#receiveBody(exchange, this.#blocks.filled.byteLength);
  }

  #receiveBody(exchange: Exchange, count: number): void {
    exchange.bodyLeft = (exchange.bodyLeft ?? 0) - count;
    if (exchange.bodyLeft < 0) return void this.#socket.destroy(new Error('The server sent more than it had said'));
    if (exchange.bodyLeft === 0 || exchange.isEager || this.#blocks.isFull) this.#handOver(exchange, this.#blocks.take());
  }

  #handOver(exchange: Exchange, block: FilledBlock): void {
    if (block.bytes.byteLength === 0) return block.release();
    exchange.blocks.push(block);
    exchange.wake?.();
  }

  /** Reads again where both blocks were in the reader's hands. */
  #goOn(): void {
    if (!this.#isPaused || this.#blocks.isBlocked) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  #end(exchange: Exchange): void {
    this.#exchange = undefined;
    // Blocks that were left have room again, and the next answer comes over this connection
    this.#goOn();
    this.#rest();
    if (!exchange.isReusable) this.#socket.destroy();
  }

  #rest(): void {
    this.#socket.setTimeout(maxRestMs);
    this.#socket.unref();
  }

  /** The time without a byte counts only while somebody waits for one: a slow reader is not the server's fault. */
  #onTimeout(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return void this.#socket.destroy();
    const { idleTimeoutMs, request } = exchange;
    const isAwaited = exchange.bodyLeft === undefined || exchange.wake !== undefined;
    if (isAwaited) this.#socket.destroy(toTimeoutError(request.url, 'no byte moved', idleTimeoutMs));
  }

  /** What came before the connection broke is given first: whoever reads goes on behind it. */
  #fail(closed: Error): void {
    this.#failure ??= closed;
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    if (exchange.bodyLeft === undefined) exchange.head.reject(this.#explain(this.#failure, exchange));
    else this.#handOver(exchange, this.#blocks.copy());
    exchange.wake?.();
  }

  #explain(error: Error, { request: { signal, url } }: Exchange): Error {
    return signal?.aborted ? abortError(signal) : toConnectionError(error, url);
  }
}

function findHeadEnd(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(13); at !== -1; at = bytes.indexOf(13, at + 1)) {
    if (headEnd.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}
