import { RegistryError } from '../errors/registry-error.ts';
import { type ByteSource, type ByteStream, sliceSource } from '../streams/byte-source.ts';
import { createFingerprint } from '../streams/fingerprint.ts';
import { tracePoints } from '../streams/trace-points.ts';
import { type ExpectedContent, verify } from '../streams/verify.ts';
import type { ReadyPart } from './buffered-parts.ts';
import type { DigestFile } from './file-digest.ts';
import { type PartRange, partBytes } from './part-plan.ts';

/**
 * The parts of a file, each to be read by whoever sends it, while one reader digests the whole beside them. Comes to its end only when size and digest were found right.
 *
 * What is proven when the end has come and every part was sent: for each part, all its readings to the end (a first request, a second, a comparison with what the store lists) and the
 * reading that was digested gave the same bytes, since they have the same fingerprint. A file that is rewritten, or replaced, while it is sent makes it fail, however briefly it
 * held other bytes; a request whose bytes are already known to be others never gets its last chunk. What was read only in part proves nothing and needs to prove nothing: no store takes a
 * part that lacks bytes.
 */
export async function* fileParts(
  source: ByteSource,
  expected: ExpectedContent,
  parts: readonly PartRange[],
  { failure, signal, digestFile }: FilePartsOptions,
): AsyncGenerator<ReadyPart> {
  const readings = createReadings(expected);
  const digesting = digest(source, expected, parts, readings, { signal, digestFile }).catch((error: unknown) => {
    failure.abort(error);
    throw error;
  });
  // Waited for below, in any case.
  digesting.catch(() => undefined);
  try {
    for (const part of parts) yield { part, bytes: comparedPart(source, part, readings) };
    await digesting;
  } finally {
    await digesting.catch(() => undefined);
  }
}

interface DigestingOptions {
  readonly signal: AbortSignal;
  /** Digests beside this thread, where it can. */
  readonly digestFile?: DigestFile | undefined;
}

export interface FilePartsOptions extends DigestingOptions {
  /** Aborted as soon as the digesting fails, so that nothing more is sent. */
  readonly failure: AbortController;
}

/** Digests the whole, in another thread where that finds it right; else here, where what is wrong with it can be said. */
async function digest(
  source: ByteSource,
  expected: ExpectedContent,
  parts: readonly PartRange[],
  readings: Readings,
  { signal, digestFile }: DigestingOptions,
): Promise<void> {
  const fingerprints = digestFile && (await digestElsewhere(source, expected, parts, digestFile, signal));
  if (fingerprints) parts.forEach((part, index) => readings.note(part, fingerprints[index] ?? ''));
  else await digestWhole(verify(source.open({ signal, mayReuse: true }), expected), parts, readings);
}

/** The fingerprints of a reading that was found right. */
async function digestElsewhere(
  source: ByteSource,
  expected: ExpectedContent,
  parts: readonly PartRange[],
  digestFile: DigestFile,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const [algorithm, encoded] = expected.digest.split(':');
  const file = await source.findFile?.();
  if (!file || file.end - file.start !== expected.size || (algorithm !== 'sha256' && algorithm !== 'sha512')) return undefined;
  const partEnds = parts.map(({ end }) => end);
  const found = await tracePoints.hash.run(
    async (trace) => {
      const result = await digestFile({ ...file, algorithm, partEnds }, signal);
      if (trace && result) trace.busyMs = result.busyMs;
      return result;
    },
    () => ({ algorithm, bytes: expected.size, busyMs: 0 }),
  );
  return found?.digest === encoded ? found?.fingerprints : undefined;
}

/** What the readings of each part gave. */
interface Readings {
  /** @throws RegistryError `digest-mismatch` where another reading of the part gave other bytes */
  note(part: PartRange, fingerprint: string): void;
}

function createReadings({ digest }: ExpectedContent): Readings {
  const fingerprints = new Map<number, string>();
  return {
    note({ partNumber, start, end }, fingerprint) {
      const known = fingerprints.get(partNumber) ?? fingerprint;
      if (known !== fingerprint)
        throw new RegistryError(
          'digest-mismatch',
          `Cannot accept "${digest}": its file was changed between bytes ${start} and ${end} while it was sent`,
        );
      fingerprints.set(partNumber, known);
    },
  };
}

async function digestWhole(stream: ByteStream, parts: readonly PartRange[], readings: Readings): Promise<void> {
  let index = 0;
  let fingerprint = createFingerprint();
  let position = 0;
  for await (const chunk of stream) {
    for (let offset = 0; offset < chunk.byteLength;) {
      const part = parts[index];
      if (!part) throw new RegistryError('internal', `Cannot send "${parts.length}" parts: byte ${position} is in none`);
      const piece = chunk.subarray(offset, offset + part.end - position);
      fingerprint.update(piece);
      offset += piece.byteLength;
      position += piece.byteLength;
      if (position < part.end) continue;
      readings.note(part, fingerprint.value());
      fingerprint = createFingerprint();
      index += 1;
    }
  }
}

/** A part as it is in the file now. It is always read from its start: only a whole reading can be compared. */
function comparedPart(source: ByteSource, part: PartRange, readings: Readings): ByteSource {
  const bytes = sliceSource(source, part.start, part.end);
  return {
    size: bytes.size,
    seekable: false,
    async *open({ start = 0, end = bytes.size, ...options } = {}): ByteStream {
      const fingerprint = createFingerprint();
      let position = 0;
      for await (const chunk of bytes.open(options)) {
        fingerprint.update(chunk);
        const before = position;
        position += chunk.byteLength;
        if (position === partBytes(part)) readings.note(part, fingerprint.value());
        const wanted = chunk.subarray(Math.max(0, start - before), Math.max(0, end - before));
        if (wanted.byteLength > 0) yield wanted;
      }
    },
  };
}
