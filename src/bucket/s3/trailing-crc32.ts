import { RegistryError } from '../../errors/registry-error.ts';
import { builtin } from '../../streams/builtin.ts';
import type { ByteSource, ByteStream, OpenOptions } from '../../streams/byte-source.ts';
import { hexToBase64 } from './base64.ts';
import type { S3Request } from './s3-client.ts';
import { trailingChecksumPayload } from './sign-request.ts';

const trailerName = 'x-amz-checksum-crc32';
/** Frames of this size, but the last: stores hold a frame in memory, and some refuse large ones (MinIO: over 16 MiB). */
const frameBytes = 1024 * 1024;

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Whether this runtime has what it takes. */
export function canTrailCrc32(): boolean {
  return builtin('node:zlib')?.crc32 !== undefined;
}

/**
 * Sends a body in frames of the coding `aws-chunked`, with its CRC-32 behind it, so that nothing need be known of the bytes before they are sent: they are read once, and the
 * checksum costs a third of a SHA-256. The coding ends at the store: what it keeps is the body alone.
 * @param crc32 8 hex digits to send instead of what is computed
 */
export function withTrailingCrc32(body: ByteSource, crc32?: string): Pick<S3Request, 'body' | 'headers' | 'payload'> {
  return {
    payload: trailingChecksumPayload,
    headers: { 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': String(body.size), 'x-amz-trailer': trailerName },
    body: { size: framedSize(body.size), seekable: false, open: (options) => frame(body, crc32, options) },
  };
}

async function* frame(body: ByteSource, crc32: string | undefined, options: OpenOptions | undefined): ByteStream {
  const zlib = builtin('node:zlib');
  if (!zlib) throw new RegistryError('internal', 'Cannot compute a CRC-32: this runtime has none');
  let sum = 0;
  let sent = 0;
  for await (const chunk of body.open(options)) {
    sum = zlib.crc32(chunk, sum);
    for (let offset = 0; offset < chunk.byteLength;) {
      const inFrame = sent % frameBytes;
      if (sent === body.size) throw sizeMismatch(body, `more than ${sent}`);
      if (inFrame === 0) yield encode(frameHead(sent, Math.min(frameBytes, body.size - sent)));
      const piece = chunk.subarray(offset, offset + Math.min(frameBytes - inFrame, body.size - sent));
      yield piece;
      offset += piece.byteLength;
      sent += piece.byteLength;
    }
  }
  if (sent < body.size) throw sizeMismatch(body, String(sent));
  yield encode(trailer(sent, crc32 ?? sum.toString(16).padStart(8, '0')));
}

/** What stands before a frame, the end of the frame before it included. */
function frameHead(sent: number, bytes: number): string {
  return `${lineEnd(sent)}${bytes.toString(16)}\r\n`;
}

function trailer(sent: number, crc32: string): string {
  return `${lineEnd(sent)}0\r\n${trailerName}:${hexToBase64(crc32)}\r\n\r\n`;
}

function lineEnd(sent: number): string {
  return sent === 0 ? '' : '\r\n';
}

function framedSize(size: number): number {
  const [whole, rest] = [Math.floor(size / frameBytes), size % frameBytes];
  const wholeBytes = whole * (`${frameBytes.toString(16)}\r\n\r\n`.length + frameBytes);
  const restBytes = rest === 0 ? 0 : `${rest.toString(16)}\r\n\r\n`.length + rest;
  return wholeBytes + restBytes + trailer(0, '00000000').length;
}

function sizeMismatch({ size }: ByteSource, found: string): RegistryError {
  return new RegistryError('size-mismatch', `Cannot send a part: its source gave ${found} bytes, ${size} wanted`);
}
