import { S3Error } from './errors.ts';
import type { S3Request } from './request.ts';

const PAYLOAD = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

/** Whether a body comes in frames, with its checksum behind it. */
export function isTrailed({ headers }: S3Request): boolean {
  return headers['x-amz-content-sha256'] === PAYLOAD;
}

/** A trailed body without its frames, and its request as if the checksum had stood among the headers. */
export function unwrapTrailed(request: S3Request, framed: Buffer): { readonly request: S3Request; readonly body: Buffer } {
  const { 'x-amz-trailer': name = '', 'x-amz-decoded-content-length': length, ...headers } = request.headers;
  const frames: Buffer[] = [];
  let offset = 0;
  for (;;) {
    const headEnd = framed.indexOf('\r\n', offset);
    const size = Number.parseInt(framed.toString('latin1', offset, headEnd), 16);
    if (headEnd < 0 || Number.isNaN(size)) throw new S3Error('InvalidRequest', 'The frames of the body are not right.');
    offset = headEnd + 2;
    if (size === 0) break;
    frames.push(framed.subarray(offset, offset + size));
    offset += size;
    if (framed.toString('latin1', offset, (offset += 2)) !== '\r\n')
      throw new S3Error('InvalidRequest', 'The frames of the body are not right.');
  }
  const [, found, value] = /^([^:]+):(.+)\r\n\r\n$/.exec(framed.toString('latin1', offset)) ?? [];
  const body = Buffer.concat(frames);
  if (found !== name || value === undefined) throw new S3Error('InvalidRequest', 'The trailer is not the one that was announced.');
  if (String(body.length) !== length) throw new S3Error('InvalidRequest', 'The frames of the body are not right.');
  return { request: { ...request, headers: { ...headers, [name]: value } }, body };
}
