import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import type { Bucket } from '../../src/bucket/bucket.ts';
import { type ObjectKey, toObjectKey } from '../../src/bucket/object-key.ts';
import type { ErrorCode } from '../../src/errors/codes.ts';
import { CodedError } from '../../src/errors/coded-error.ts';
import type { ByteSource, ByteStream } from '../../src/streams/byte-source.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import { readAll } from '../../src/streams/read-all.ts';

/** A bucket made for one run of the suite: empty, and `cleanup` closes it and removes all behind it. */
export interface OpenedBucket {
  readonly bucket: Bucket;
  readonly cleanup: () => Promise<void>;
}

export interface ContractOptions {
  /** For one test, in milliseconds; 30,000 if left out. */
  readonly timeoutMs?: number | undefined;
  /** The longest key that this bucket takes, in bytes; 1,024 if left out. */
  readonly maxKeyBytes?: number | undefined;
  /**
   * What a store (not our adapter) is known to do wrong: the test's title, and why. Such a test must fail, so that the entry goes when the store gets better;
   * a title that no test has is an error.
   */
  readonly deviations?: Readonly<Record<string, string>> | undefined;
}

/** What one test works with: the suite's bucket, and keys that no other test has. */
export interface ContractRun {
  readonly bucket: Bucket;
  /** Ends in `/`; all keys of this test begin so. */
  readonly prefix: string;
  readonly key: (name: string) => ObjectKey;
  /** Skips the test, visibly, where the store has no such member (undefined, or false). */
  readonly need: <T>(member: T | undefined | false, name: string) => T;
}

/** Defines one test of the contract. */
export type DefineTest = (title: string, run: (run: ContractRun) => Promise<void>) => void;

/** Opens the suite's bucket before its tests, and gives the function that defines them. Call it within a `describe`. */
export function createHarness(open: () => Promise<OpenedBucket>, options: ContractOptions): { define: DefineTest; end: () => void } {
  const { timeoutMs = 30_000, deviations = {} } = options;
  const titles = new Set<string>();
  let opened: OpenedBucket | undefined;
  beforeAll(async () => void (opened = await open()), timeoutMs);
  afterAll(() => opened?.cleanup(), timeoutMs);

  const define: DefineTest = (title, run) => {
    const prefix = `contract/${titles.size}/`;
    titles.add(title);
    const body = async (context: TestContext): Promise<void> => {
      if (!opened) throw new Error('The bucket could not be opened');
      await run({
        bucket: opened.bucket,
        prefix,
        key: (name) => toObjectKey(prefix + name),
        need: (member, name) => member || context.skip(`this store has no ${name}`),
      });
    };
    const reason = deviations[title];
    if (reason === undefined) it(title, { timeout: timeoutMs }, body);
    else it.fails(`${title} (known: it does not, ${reason})`, { timeout: timeoutMs }, body);
  };
  const end = (): void => {
    for (const title of Object.keys(deviations)) {
      if (!titles.has(title)) throw new Error(`No test of the contract is called "${title}"`);
    }
  };
  return { define, end };
}

/** A body of text. */
export function textSource(text: string): ByteSource {
  return bytesSource(new TextEncoder().encode(text));
}

/** Bytes that differ at every place and by seed, so that a byte at a wrong place is seen. */
export function patternBytes(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = seed * 2_654_435_761;
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** An object's bytes, whole; fails where there is none. */
export async function readBytes(bucket: Bucket, key: ObjectKey): Promise<Uint8Array> {
  const content = await bucket.get(key);
  if (!content) throw new Error(`"${key}" is missing`);
  return readStream(content.body);
}

/** As `readBytes`, as text. */
export async function readText(bucket: Bucket, key: ObjectKey): Promise<string> {
  return new TextDecoder().decode(await readBytes(bucket, key));
}

/** A body to its end. */
export function readStream(stream: ByteStream): Promise<Uint8Array> {
  return readAll(stream, 2 ** 30, 'a body');
}

/** Waits until a promise is rejected with one of our errors with one of these codes. */
export async function expectCode(promise: Promise<unknown>, ...codes: readonly ErrorCode[]): Promise<void> {
  const error: unknown = await promise.then(
    () => 'nothing was thrown',
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CodedError)) throw new Error(`Wanted an error with the code ${codes.join(' or ')}`, { cause: error });
  expect(codes, error.stack).toContain(error.code);
}

/** All that an iterable gives. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The keys that a listing gives, sorted (the order is the store's own). */
export async function listKeys(bucket: Bucket, options: Parameters<Bucket['list']>[0]): Promise<string[]> {
  const entries = await collect(bucket.list(options));
  return entries.map((entry) => (entry.kind === 'object' ? entry.key : entry.prefix)).sort(compareBytes);
}

/** Orders texts by their UTF-8 bytes, as S3 lists. */
function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
