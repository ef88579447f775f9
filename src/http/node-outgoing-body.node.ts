import type { ClientRequest } from 'node:http';
import { RegistryError } from '../errors/registry-error.ts';
import type { HttpRequest } from './http-client.ts';

/** What is so small is copied, and goes out together with what follows it, instead of in a packet of its own. */
const tinyBytes = 64;

/** The sending of one request's body, as fast as the connection takes it, until it ends, fails or is stopped. */
export class OutgoingBody {
  readonly #outgoing: ClientRequest;
  readonly #request: HttpRequest;
  readonly #stopping = new AbortController();
  #sent = 0;
  #wake: () => void = () => {};

  /** Whether it is the source that is waited for, so that a silent connection is nobody's fault. */
  isAwaitingSource = false;
  /** What the source threw, or did wrong; in a wrapper, since anything can be thrown. */
  failure: { readonly error: unknown } | undefined;

  constructor(outgoing: ClientRequest, request: HttpRequest) {
    this.#outgoing = outgoing;
    this.#request = request;
  }

  /** Whether every byte was handed to the connection; the source may still fail at its end. */
  get isGivenWhole(): boolean {
    return this.#sent === this.#size;
  }

  get #size(): number {
    return this.#request.body?.size ?? 0;
  }

  get #isCutShort(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Ends the sending where bytes are missing; a source that has given all may come to its own end. */
  stop(): void {
    if (!this.isGivenWhole) this.#stopping.abort();
    this.#wake();
  }

  /** Sends everything and ends the request. Never rejects: `failure` says what went wrong. @returns whether all was sent */
  async send(): Promise<boolean> {
    try {
      await this.#pump();
      if (this.#isCutShort) return false;
      if (!this.isGivenWhole) throw this.#sizeMismatch(String(this.#sent));
      this.#outgoing.end();
      return true;
    } catch (error) {
      if (this.#isCutShort) return false;
      this.failure = { error };
      this.#outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
      return false;
    } finally {
      this.isAwaitingSource = false;
    }
  }

  async #pump(): Promise<void> {
    const { body, signal } = this.#request;
    if (body === undefined) return;
    const either = signal ? AbortSignal.any([signal, this.#stopping.signal]) : this.#stopping.signal;
    this.isAwaitingSource = true;
    for await (const chunk of body.open({ signal: either, mayReuse: true })) {
      if (this.#isCutShort) return;
      this.isAwaitingSource = false;
      await this.#write(chunk);
      this.isAwaitingSource = true;
    }
  }

  async #write(chunk: Uint8Array): Promise<void> {
    this.#sent += chunk.byteLength;
    if (this.#sent > this.#size) throw this.#sizeMismatch(`more than ${this.#size}`);
    if (chunk.byteLength <= tinyBytes && !this.isGivenWhole) {
      this.#outgoing.write(chunk.slice());
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    // Not until the connection has room again, but until it has the bytes: the source may use the chunk's memory for the next one.
    this.#outgoing.write(chunk, () => resolve());
    if (!this.isGivenWhole && !this.#isCutShort) await promise;
  }

  #sizeMismatch(found: string): RegistryError {
    const { method, url } = this.#request;
    const action = `Cannot send the body of ${method} ${url.origin}${url.pathname}`;
    return new RegistryError('size-mismatch', `${action}: its source gave ${found} bytes, ${this.#size} wanted`);
  }
}
