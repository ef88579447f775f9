/** What a block holds for whoever takes it. */
export interface FilledBlock {
  readonly bytes: Uint8Array;
  /** The memory may be filled again. */
  readonly release: () => void;
}

/** Enough for the system to hand over all that has come while the last block was looked at. */
const blockBytes = 256 * 1024;
/** With less room than this left a block counts as full: small reads cost as much as large ones. */
const leastRoomBytes = 32 * 1024;

/** One is filled while one is looked at. */
const blocksInTurn = 2;

/**
 * Blocks of memory which a socket fills in turn: while one is looked at, the next bytes go into the other. Nothing is allocated however many bytes come, which is most of what
 * reading from sockets costs otherwise.
 */
export class SocketBlocks {
  readonly #free: Uint8Array[] = [];
  #taken = 0;
  #current: Uint8Array = new Uint8Array(blockBytes);
  #begin = 0;
  #end = 0;

  /** Where the next bytes go. */
  get room(): Uint8Array {
    return this.#current.subarray(this.#end);
  }

  /** What has come into the block and was not taken. */
  get filled(): Uint8Array {
    return this.#current.subarray(this.#begin, this.#end);
  }

  /** Whether no more bytes should come until a block is released. TLS gives some all the same, those that it had decrypted before: for them there is room in one more block. */
  get isBlocked(): boolean {
    return this.#taken >= blocksInTurn;
  }

  get isFull(): boolean {
    return blockBytes - this.#end < leastRoomBytes;
  }

  /** So many bytes were written to where `room` was. */
  add(count: number): void {
    this.#end += count;
  }

  /** Leaves out the first bytes of what is there. */
  skip(count: number): void {
    this.#begin += count;
  }

  /** Hands over a copy of what is there; the next bytes go behind it, as the socket was told. */
  copy(): FilledBlock {
    const bytes = this.filled.slice();
    this.#begin = this.#end;
    return { bytes, release: () => {} };
  }

  /** Hands over what is there, and goes on with another block: only while the socket asks for its next `room`, since it would otherwise write where it was told before. */
  take(): FilledBlock {
    const taken = this.#current;
    const bytes = this.filled;
    this.#taken += 1;
    this.#current = this.#free.pop() ?? new Uint8Array(blockBytes);
    this.#begin = 0;
    this.#end = 0;
    const release = (): void => {
      this.#taken -= 1;
      this.#free.push(taken);
    };
    return { bytes, release };
  }
}
