/** A parser, and texts that it takes. */
export interface FuzzTarget {
  readonly name: string;
  /** Good input, to be damaged. Characters stand for bytes where the parser takes bytes that are no text. */
  readonly examples: readonly string[];
  /** Gives a value, or throws a coded error; a promise where the parser is asynchronous. */
  readonly parse: (text: string) => unknown;
  /** Largest input that comes to it at all, in bytes, where whoever reads it sees to that; a megabyte if left out. */
  readonly maxBytes?: number;
}

/** A parser of bytes, of text in UTF-8. */
export function bytesTarget(name: string, examples: readonly (object | string)[], parse: (bytes: Uint8Array) => unknown): FuzzTarget {
  const texts = examples.map((example) => (typeof example === 'string' ? example : JSON.stringify(example)));
  return { name, examples: texts, parse: (text) => parse(new TextEncoder().encode(text)) };
}

/** A parser of bytes, a character each. */
export function binaryTarget(name: string, examples: readonly Uint8Array[], parse: (bytes: Uint8Array) => unknown): FuzzTarget {
  const texts = examples.map((example) => Buffer.from(example).toString('latin1'));
  return { name, examples: texts, parse: (text) => parse(new Uint8Array(Buffer.from(text, 'latin1'))) };
}
