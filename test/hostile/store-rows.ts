import type { ServerResponse } from 'node:http';
import { createImage, createIndex, damage } from '../faults/bad-images.ts';
import type { HostileRow } from './hostile-row.ts';
import { about } from './lying-registry.ts';
import { type Lie, writeEndlessly } from './lying-server.ts';
import { goodHeaders, rawRow, storeRow } from './lying-store.ts';

/*
 * Stores that lie: how answers are framed, what stands in their documents, what objects hold.
 */

const fields = Object.entries(goodHeaders)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');
const ok = (headers: string, body = ''): string => `HTTP/1.1 200 OK\r\n${fields}${headers}\r\n\r\n${body}`;

const framing: readonly HostileRow[] = [
  rawRow('32,000 blanks and a NUL', 'response-invalid', ok(`content-length: 1\r\na:${' '.repeat(15_000)}\0`, 'x')),
  rawRow(
    '30,000 blanks in a value, and less than it had said',
    'connection-failed',
    ok(`content-length: 2\r\na: b${' '.repeat(30_000)}c`, 'x'),
  ),
  rawRow(
    'headers without end',
    'response-invalid',
    (socket) => writeEndlessly(socket, `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(1000)}`),
    300,
  ),
  rawRow('a line of a status without end', 'response-invalid', (socket) => writeEndlessly(socket, 'HTTP/1.1 200 '.repeat(1000)), 300),
  rawRow('carriage returns without end', 'response-invalid', (socket) => writeEndlessly(socket, '\r'.repeat(10_000)), 300),
  rawRow('two lengths', 'response-invalid', ok('content-length: 1\r\ncontent-length: 2', 'xy')),
  rawRow('two lengths in one header', 'response-invalid', ok('content-length: 1, 1', 'x')),
  rawRow('a length with a sign', 'response-invalid', ok('content-length: +1', 'x')),
  rawRow('a length below nothing', 'response-invalid', ok('content-length: -1', 'x')),
  rawRow('a length of 16 digits', 'response-invalid', ok('content-length: 9999999999999999', 'x')),
  rawRow('a petabyte that does not come', 'connection-failed', ok('content-length: 999999999999999', 'x')),
  rawRow('no length', 'response-invalid', ok('a: b', 'x')),
  rawRow('chunks and a length', 'response-invalid', ok('content-length: 1\r\ntransfer-encoding: chunked', '1\r\nx\r\n0\r\n\r\n')),
  rawRow('chunks that are spelled wrongly', 'response-invalid', ok('content-length: 1\r\ntransfer-encoding: xchunked', 'x')),
  rawRow('chunks whose length lies', 'response-invalid', ok('transfer-encoding: chunked', 'ffff\r\nx\r\n0\r\n\r\n')),
  rawRow('a folded header', 'response-invalid', ok('a: b\r\n c: d\r\ncontent-length: 1001', 'x'.repeat(1001))),
  rawRow('lines that end in a line feed alone', 'response-invalid', ok('a: b\ncontent-length: 1', 'x')),
  rawRow('a carriage return within a header', 'response-invalid', ok('a: b\rcontent-length: 9\r\ncontent-length: 1', 'x')),
  rawRow('a NUL within a header', 'response-invalid', ok('a: \0\r\ncontent-length: 1', 'x')),
  rawRow('a header without a name', 'response-invalid', ok(': b\r\ncontent-length: 1', 'x')),
  rawRow('a blank before the colon', 'response-invalid', ok('content-length : 1', 'x')),
  rawRow('more than it had said', 'connection-failed', (socket) => socket.write(ok('content-length: 10', 'x'.repeat(2000)))),
  rawRow('another answer behind its own', 'connection-failed', (socket) =>
    socket.write(ok('content-length: 1', `x${ok('content-length: 1', 'y')}`)),
  ),
  rawRow(
    'a body without end behind its length',
    'connection-failed',
    (socket) => socket.write(ok('content-length: 3', '')) && writeEndlessly(socket, 'x'.repeat(65_536)),
    300,
  ),
  rawRow('less than it had said', 'connection-failed', ok('content-length: 9', 'x')),
  rawRow('a body that stops coming', 'timed-out', (socket) => socket.write(ok('content-length: 9', 'x'))),
  rawRow('a head that stops coming', 'timed-out', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-le')),
  rawRow('nothing at all', 'connection-failed', ''),
  rawRow('no content, and a length', 'response-invalid', `HTTP/1.1 204 No Content\r\n${fields}content-length: 5\r\n\r\n`),
  rawRow('a status of 99', 'response-invalid', ok('').replace('200', '099')),
  rawRow('HTTP/2 in place of HTTP/1.1', 'connection-failed', '\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0d'),
  rawRow('HTTP/0.9', 'connection-failed', 'hello'),
  rawRow('one that was given before', 'timed-out', (socket) => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n')),
];

const document = (body: string, status = 200): Lie => about(/./, ({ response }) => response.writeHead(status).end(body));
const entry = '<Contents><Key>v2/a</Key><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>';
const listing = (inner: string): Lie => document(`<ListBucketResult>${inner}</ListBucketResult>`);
const inCircle = (count: number): Lie => {
  let turn = 0;
  return (exchange) =>
    listing(`<IsTruncated>true</IsTruncated><NextContinuationToken>${(turn += 1) % count}</NextContinuationToken>`)(exchange);
};

const documents: readonly HostileRow[] = (
  [
    ['a page of nothing', document('')],
    ['a page of HTML', document('<html><br></html>')],
    ['another document', document('<Other/>')],
    ['a page that is cut', document('<ListBucketResult><Contents>')],
    ['elements nested 300,000 deep', document('<a>'.repeat(300_000))],
    ['a key nested 4,000 deep', listing(`<Contents><Key>${'<a>'.repeat(4000)}${'</a>'.repeat(4000)}</Key></Contents>`)],
    ['entities that grow', document('<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><ListBucketResult>&c;</ListBucketResult>')],
    [
      'an entity that is a file',
      document('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><ListBucketResult>&b;</ListBucketResult>'),
    ],
    ['a page of 17 MiB', document(' '.repeat(17 * 2 ** 20))],
    ['a page without end', about(/./, ({ response }) => writeEndlessly(response, '<Contents>'.repeat(6000)))],
    ['a page that is not UTF-8', document('<ListBucketResult>\u0000</ListBucketResult>')],
    ['an entry without a key', listing('<Contents><Size>1</Size></Contents>')],
    ['an entry of negative size', listing(entry.replace('>1<', '>-1<'))],
    ['an entry of 1e9 bytes, so spelled', listing(entry.replace('>1<', '>1e9<'))],
    ['an entry of no date', listing(entry.replace('2026-01-01T00:00:00Z', 'once'))],
    ['a key elsewhere', listing(entry.replace('v2/a', 'other/a'))],
    ['a key that is not encoded as it says', listing(`<EncodingType>url</EncodingType>${entry.replace('v2/a', 'v2/%E0%A4%A')}`)],
    ['a common prefix elsewhere', listing('<CommonPrefixes><Prefix>other/</Prefix></CommonPrefixes>')],
    ['a page that goes on nowhere', listing('<IsTruncated>true</IsTruncated>')],
    ['a page that leads to itself', inCircle(1)],
    ['two pages that lead to each other', inCircle(2)],
    ['a hundred pages in a circle', inCircle(100)],
  ] as const
).map(([lie, answer]) => storeRow(`in a listing: ${lie}`, 'response-invalid', 'list', answer));

const refusal = (name: string, status = 400): Lie => document(`<Error><Code>${name}</Code><Message>No</Message></Error>`, status);
let uploadTurn = 0;

const answers: readonly HostileRow[] = [
  storeRow('an error within a listing', 'access-denied', 'list', refusal('AccessDenied', 200)),
  storeRow('an error within a Complete of 200', 'store-unavailable', 'complete', refusal('InternalError', 200)),
  storeRow('a Complete without an ETag', 'response-invalid', 'complete', document('<CompleteMultipartUploadResult/>')),
  storeRow('a Complete of no bytes', 'response-invalid', 'complete', document('')),
  storeRow('a Complete that is HTML', 'response-invalid', 'complete', document('<html/>')),
  storeRow('an error that is called constructor', 'operation-unsupported', 'get', refusal('constructor')),
  storeRow('an error that is called __proto__', 'operation-unsupported', 'get', refusal('__proto__')),
  storeRow('an error with escape sequences', 'operation-unsupported', 'get', refusal('\u009b2J')),
  storeRow(
    'an error of a store without end',
    'access-denied',
    'get',
    about(/./, ({ response }) => writeEndlessly(response.writeHead(403), '<Error>'.repeat(9000))),
  ),
  storeRow(
    'a limit for a year',
    'throttled',
    'get',
    about(/./, ({ response }) => response.writeHead(429, { 'retry-after': '31536000' }).end()),
  ),
  storeRow(
    'a redirect',
    'wrong-region',
    'get',
    about(/./, ({ response }) => response.writeHead(307, { location: 'http://169.254.169.254/' }).end()),
  ),
  storeRow(
    'a write without an ETag',
    'response-invalid',
    'put',
    about(/./, ({ response }) => response.end()),
  ),
  storeRow('a deletion that is not told of', 'response-invalid', 'delete', document('<html/>')),
  storeRow(
    'a deletion that failed without a key',
    'access-denied',
    'delete',
    document('<DeleteResult><Error><Code>AccessDenied</Code></Error></DeleteResult>'),
  ),
  storeRow('uploads in a circle', 'response-invalid', 'uploads', (exchange) =>
    document(
      `<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>${(uploadTurn += 1) % 3}</NextKeyMarker></ListMultipartUploadsResult>`,
    )(exchange),
  ),
];

const blobAnswer = (answer: (response: ServerResponse) => unknown): Lie => about(/blobs/, ({ response }) => answer(response));
const tagAnswer = (body: string): Lie =>
  about(/manifests\/1\.0/, ({ response }) => response.writeHead(200, { ...goodHeaders, 'content-length': body.length }).end(body));

const objects: readonly HostileRow[] = [
  storeRow(
    'a blob of other bytes',
    'digest-mismatch',
    'copy',
    () => false,
    async () => {
      const image = await createImage();
      return damage(image, image.layer, (bytes) => bytes.with(0, 9));
    },
  ),
  storeRow(
    'a blob of another size',
    'size-mismatch',
    'copy',
    () => false,
    async () => {
      const image = await createImage();
      return damage(image, image.layer, (bytes) => bytes.subarray(1));
    },
  ),
  storeRow(
    'a blob without an ETag',
    'response-invalid',
    'copy',
    blobAnswer((response) => response.end('x')),
  ),
  storeRow(
    'a blob that is HTML',
    'size-mismatch',
    'copy',
    blobAnswer((response) => response.writeHead(200, { ...goodHeaders, 'content-length': 6 }).end('<html>')),
  ),
  storeRow(
    'a blob that is not there',
    'blob-missing',
    'copy',
    blobAnswer((response) => response.writeHead(404).end()),
  ),
  storeRow(
    'a child of other bytes than its digest',
    'digest-mismatch',
    'copy',
    () => false,
    async () => {
      const image = await createIndex((child) => child);
      const [child = ''] = image.graph.manifests.keys();
      return damage(image, child, (bytes) => bytes.with(1, 0x21));
    },
  ),
  storeRow('a tag that is no manifest', 'manifest-invalid', 'copy', tagAnswer('rubbish')),
  storeRow('a tag of five megabytes', 'manifest-too-large', 'copy', tagAnswer(' '.repeat(5 * 2 ** 20))),
  storeRow('a tag that is an image and an index', 'manifest-invalid', 'copy', tagAnswer('{"schemaVersion":2,"layers":[],"manifests":[]}')),
];

export const storeRows: readonly HostileRow[] = [...framing, ...documents, ...answers, ...objects];
