import type { HttpResponse } from '../../http/http-client.ts';
import { readHttpDateMs, readRetryAfterMs } from '../../http/retry-after.ts';
import { readAll } from '../../streams/read-all.ts';
import { childText, parseS3Xml, type XmlElement } from './s3-xml.ts';

/** How a store refused: its own words, kept as the cause of our error. Holds nothing of what was sent. */
export class S3Answer extends Error {
  override readonly name = 'S3Answer';
  readonly status: number;
  /** S3's error code, such as `NoSuchKey`; undefined where the answer has no body that says so (a HEAD's, or a proxy's page). */
  readonly s3Code: string | undefined;
  /** The region that the store names as the bucket's. */
  readonly region: string | undefined;
  /** The store's time in milliseconds since 1970. */
  readonly dateMs: number | undefined;
  readonly retryAfterMs: number | undefined;
  /** The store's sentence. */
  readonly words: string | undefined;

  constructor({ status, headers }: Pick<HttpResponse, 'status' | 'headers'>, error: XmlElement | undefined, nowMs: number) {
    const s3Code = error && shorten(childText(error, 'Code'));
    const words = error && shorten(childText(error, 'Message'));
    const requestId = headers['x-amz-request-id'] ?? (error && childText(error, 'RequestId'));
    super([`The store answered ${status}`, s3Code, words, requestId && `request ${shorten(requestId)}`].filter(Boolean).join(', '));
    this.status = status;
    this.s3Code = s3Code;
    this.words = words;
    this.region = headers['x-amz-bucket-region'] ?? shorten(error && (childText(error, 'Region') ?? childText(error, 'BucketRegion')));
    this.dateMs = readHttpDateMs(headers['date']);
    this.retryAfterMs = readRetryAfterMs(headers, nowMs);
  }
}

const maxErrorBytes = 65_536;

/** Reads a refusal. Its body is of help only: where it is missing, broken or no XML, the status must do. */
export async function readS3Answer(response: HttpResponse, nowMs: number): Promise<S3Answer> {
  return new S3Answer(response, await readErrorDocument(response), nowMs);
}

async function readErrorDocument({ body }: HttpResponse): Promise<XmlElement | undefined> {
  try {
    const bytes = await readAll(body, maxErrorBytes, 'the refusal of the store');
    if (bytes.byteLength === 0) return undefined;
    const root = parseS3Xml(new TextDecoder().decode(bytes), 'read an error');
    return root.name === 'Error' ? root : undefined;
  } catch {
    return undefined;
  }
}

function shorten(text: string | undefined): string | undefined {
  return text?.slice(0, 300);
}
