import { RegistryError } from '../errors/registry-error.ts';
import { type ByteSource, type ByteStream, sliceSource } from '../streams/byte-source.ts';
import { createFingerprint } from '../streams/fingerprint.ts';
import { type ExpectedContent, verify } from '../streams/verify.ts';
import type { ReadyPart } from './buffered-parts.ts';
import { type PartRange, partBytes } from './part-plan.ts';

/**
 * The parts of a file, each to be read by whoever sends it, while one reader digests the whole beside them. Comes to its end only when size and digest were found right.
 *
 * What is proven when the end has come and every part was sent: for each part, all its readings to the end (a first request, a second, a comparison with what the store lists) and the
 * reading that was digested gave the same bytes, since they have the same fingerprint. A file that is rewritten, or replaced, while it is sent makes it fail, however briefly it
 * held other bytes; a request whose bytes are already known to be others never gets its last chunk. What was read only in part proves nothing and needs to prove nothing: no store takes a
 * part that lacks bytes.
 * @param failure is aborted as soon as the digesting fails, so that nothing more is sent
 */
export async function* fileParts(
  source: ByteSource,
  expected: ExpectedContent,
  parts: readonly PartRange[],
  failure: AbortController,
  signal: AbortSignal,
): AsyncGenerator<ReadyPart> {
  const readings = createReadings(expected);
  const digesting = digestWhole(verify(source.open({ signal, mayReuse: true }), expected), parts, readings).catch((error: unknown) => {
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
