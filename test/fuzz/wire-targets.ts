import { encodeTarHeader, decodeTarHeader, parsePaxRecords } from '../../src/archive/tar-header.ts';
import { indexTar } from '../../src/archive/tar-index.ts';
import { childElements, childText, parseS3Xml, requireText } from '../../src/bucket/s3/s3-xml.ts';
import { nameDecoder, readDate, readSize } from '../../src/bucket/s3/s3-list.ts';
import { redactUrl } from '../../src/http/redact.ts';
import { parseResponseHead } from '../../src/http/response-head.ts';
import { readRetryAfterMs } from '../../src/http/retry-after.ts';
import { parseChallenge } from '../../src/remote/challenge.ts';
import { parseNextPage } from '../../src/remote/link-header.ts';
import { parseTextPage } from '../../src/remote/pages.ts';
import { readRateLimit } from '../../src/remote/rate-limit.ts';
import { parseRealm } from '../../src/remote/realm.ts';
import { mergeScopes } from '../../src/remote/scope.ts';
import { readUploadLocation } from '../../src/remote/upload-location.ts';
import { parseHttpRange } from '../../src/server/http-range.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import { parseTraceparent } from '../../src/telemetry/traceparent.ts';
import { packRawTar, paxRecord } from '../hostile/raw-tar.ts';
import { binaryTarget, bytesTarget, type FuzzTarget } from './fuzz-target.ts';

const page = new URL('https://registry.test/v2/app/tags/list');
/** Node takes no more of headers. */
const maxHeaderBytes = 32 * 1024;

/** A header, by what reads it. */
function headerTarget(name: string, examples: readonly string[], parse: (text: string) => unknown): FuzzTarget {
  return { name, examples, parse, maxBytes: maxHeaderBytes };
}

const headers: readonly FuzzTarget[] = [
  headerTarget(
    'WWW-Authenticate',
    ['Bearer realm="https://a.test/token",service="a",scope="repository:a:pull"', 'Basic realm="a\\"b", Negotiate'],
    parseChallenge,
  ),
  headerTarget('Link', ['</v2/app/tags/list?n=2&last=b>; rel="next"', '<a>; rel=prev, <b>; title="x"; rel=next'], (text) =>
    parseNextPage(text, page),
  ),
  headerTarget('Range', ['bytes=0-9', 'bytes=-5', 'bytes=7-'], (text) => parseHttpRange(text, 100)),
  headerTarget(
    'Retry-After',
    ['120', 'Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'],
    (text) => readRetryAfterMs({ 'retry-after': text }, 0),
  ),
  headerTarget('RateLimit', ['100;w=21600', '76 ; w = 60'], (text) =>
    readRateLimit({ 'ratelimit-limit': text, 'ratelimit-remaining': text }),
  ),
  headerTarget('Location', ['/v2/app/blobs/uploads/1?a=b', 'https://a.test/u'], (text) =>
    readUploadLocation({ headers: { location: text }, url: page }),
  ),
  headerTarget('a realm', ['https://auth.test/token', 'https://auth.test:8443/token?a=b#c'], (text) =>
    parseRealm({ realm: text, registry: page, hasCredentials: true }),
  ),
  headerTarget('a scope', ['repository:a/b:pull,push registry:catalog:*'], (text) => mergeScopes(text, 'repository:a:pull')),
  headerTarget('traceparent', [`00-${'0a'.repeat(16)}-${'0b'.repeat(8)}-01`], parseTraceparent),
  headerTarget('a URL to show', ['https://ada:b@a.test/?X-Amz-Signature=00&a=b#c'], redactUrl),
  headerTarget(
    'the head of an answer',
    ['HTTP/1.1 200 OK\r\ncontent-length: 5\r\netag: "a"\r\nconnection: close', 'HTTP/1.0 404\r\na:\t b \r\nContent-Length:0'],
    parseResponseHead,
  ),
];

const entry = '<Contents><Key>v2/a%20b</Key><Size>1</Size><ETag>"e"</ETag><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>';

const bodies: readonly FuzzTarget[] = [
  bytesTarget('a page of tags', [{ name: 'a', tags: ['1.0', '2.0'] }, { tags: null }], (bytes) =>
    parseTextPage(bytes, 'tags', 'the tags', undefined, page),
  ),
  {
    name: "a page of a store's listing",
    examples: [
      `<?xml version="1.0"?><ListBucketResult xmlns="a"><EncodingType>url</EncodingType>${entry}<IsTruncated>false</IsTruncated></ListBucketResult>`,
    ],
    parse: readListing,
  },
  {
    name: "a store's refusal",
    examples: ['<Error><Code>NoSuchKey</Code><Message>No &amp; <![CDATA[never]]></Message></Error>'],
    parse: (text) => childText(parseS3Xml(text, 'test'), 'Code'),
  },
];

function readListing(text: string): unknown {
  const root = parseS3Xml(text, 'list');
  const decode = nameDecoder(root, 'list');
  return childElements(root, 'Contents').map((one) => [
    decode(requireText(one, 'Key', 'list')),
    readSize(one, 'list'),
    readDate(one, 'LastModified', 'list'),
  ]);
}

const record = paxRecord('path', 'a/b');
const tar = packRawTar([
  { name: 'pax', type: 'x', body: record },
  { name: 'a', body: 'hello' },
  { name: 'L', type: 'L', body: 'long\0' },
  { name: 'b', type: '2', linkName: 'a' },
  { name: 'c/', type: '5' },
]);

const archives: readonly FuzzTarget[] = [
  binaryTarget('a tar header', [encodeTarHeader({ name: 'a', size: 5 }), packRawTar([{ name: 'b', type: '1', linkName: 'a' }])], (bytes) =>
    decodeTarHeader(bytes.subarray(0, 512)),
  ),
  binaryTarget('PAX records', [new TextEncoder().encode(record + paxRecord('size', '12'))], parsePaxRecords),
  binaryTarget('a tar', [tar], (bytes) => indexTar(bytesSource(withChecksums(bytes)))),
];

/** With checksums as they should be, or no damage would ever be looked at. */
function withChecksums(bytes: Uint8Array): Uint8Array {
  const tarred = Buffer.from(bytes);
  for (let start = 0; start + 512 <= Math.min(tarred.length, 16_384); start += 512) {
    const block = tarred.subarray(start, start + 512);
    if (block.toString('latin1', 257, 262) !== 'ustar') continue;
    block.fill(' ', 148, 156);
    block.write(
      `${block
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
  }
  return tarred;
}

/** What comes over wires, and archives. */
export const wireTargets: readonly FuzzTarget[] = [...headers, ...bodies, ...archives];
