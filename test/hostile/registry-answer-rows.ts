import { gzipSync } from 'node:zlib';
import type { ServerResponse } from 'node:http';
import type { HostileRow } from './hostile-row.ts';
import { about, aboutBlobs, aboutManifest, type RegistryLieOptions, registryRow } from './lying-registry.ts';
import { writeEndlessly } from './lying-server.ts';

/*
 * Answers that lie: their lengths, their status, their headers, where they lead, how they are framed.
 */

const year = String(365 * 86_400);
const raw = (response: ServerResponse, text: string): unknown => response.socket?.end(text);
const redirect = (response: ServerResponse, location: string, status = 307): unknown => response.writeHead(status, { location }).end();

const bodies: readonly HostileRow[] = [
  registryRow(
    'a manifest without end',
    'manifest-too-large',
    aboutManifest(({ response }) => writeEndlessly(response, ' '.repeat(65_536))),
    { maxMemoryMib: 300 },
  ),
  registryRow(
    'a manifest that is announced with 2^52 bytes',
    'manifest-too-large',
    aboutManifest(({ response }) => response.writeHead(200, { 'content-length': String(2 ** 52) }).write('{')),
  ),
  registryRow(
    'a manifest that ends before its length',
    'connection-failed',
    aboutManifest(({ response }) => raw(response, 'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{')),
  ),
  registryRow(
    'a manifest that stops coming',
    'timed-out',
    aboutManifest(({ response }) => response.write('{')),
  ),
  registryRow(
    'no answer at all',
    'timed-out',
    aboutManifest(() => undefined),
  ),
  registryRow(
    'a connection that is closed without a word',
    'connection-failed',
    aboutManifest(({ response }) => response.socket?.destroy()),
  ),
  registryRow(
    'a layer without end',
    'digest-mismatch',
    aboutBlobs(({ response }) => writeEndlessly(response, new Uint8Array(65_536))),
    { maxMemoryMib: 300 },
  ),
  registryRow(
    'a layer that always breaks off',
    'connection-failed',
    aboutBlobs(({ response }) => raw(response, 'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n')),
  ),
  registryRow(
    'a layer of no bytes',
    'response-invalid',
    aboutBlobs(({ response }) => response.end()),
  ),
  registryRow(
    'a layer in another range than was asked for',
    'registry-invalid',
    aboutBlobs(({ response }) => response.writeHead(206, { 'content-range': 'bytes 7-9/10' }).end('abc')),
  ),
  registryRow(
    'a part of a layer that names no range',
    'registry-invalid',
    aboutBlobs(({ response }) => response.writeHead(206).end('abc')),
  ),
  registryRow(
    'a layer whose range is refused',
    'registry-invalid',
    aboutBlobs(({ response }) => response.writeHead(416).end()),
  ),
  registryRow(
    'a layer with a gzip around it',
    'response-invalid',
    aboutBlobs(({ response }) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(new Uint8Array(500)))),
  ),
  registryRow(
    'an error without end',
    'denied',
    aboutManifest(({ response }) => writeEndlessly(response.writeHead(403), '{"errors":[')),
    { maxMemoryMib: 300 },
  ),
  registryRow(
    'an error nested 100,000 deep',
    'denied',
    aboutManifest(({ response }) => response.writeHead(403).end('['.repeat(100_000))),
  ),
];

const framing: readonly HostileRow[] = (
  [
    [
      'headers without end',
      'response-invalid',
      (response) => writeEndlessly(response.socket ?? response, `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(10_000)}`),
    ],
    ['a header of a megabyte', 'response-invalid', `HTTP/1.1 200 OK\r\na: ${'b'.repeat(2 ** 20)}\r\n\r\n`],
    ['two lengths', 'response-invalid', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x'],
    ['a length below nothing', 'response-invalid', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'],
    ['a length in hexadecimal', 'response-invalid', 'HTTP/1.1 200 OK\r\ncontent-length: 0x2\r\n\r\n{}'],
    [
      'a length beside chunks',
      'response-invalid',
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    ],
    ['a chunk of no known length', 'connection-failed', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n{}\r\n'],
    ['a chunk of 2^70 bytes', 'connection-failed', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n400000000000000000\r\n{}'],
    ['chunks that end before the last', 'connection-failed', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n'],
    ['a status of no digits', 'response-invalid', 'HTTP/1.1 abc OK\r\ncontent-length: 2\r\n\r\n{}'],
    ['an answer that is not HTTP', 'response-invalid', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['a header with a NUL', 'response-invalid', 'HTTP/1.1 200 OK\r\na: b\0c\r\ncontent-length: 2\r\n\r\n{}'],
    ['a name of a header with a blank behind it', 'response-invalid', 'HTTP/1.1 200 OK\r\ncontent-length : 2\r\n\r\n{}'],
    [
      'line feeds before it without end',
      'response-invalid',
      (response) => writeEndlessly(response.socket ?? response, '\r\n'.repeat(10_000)),
    ],
    [
      'others that are to be continued before it without end',
      'response-invalid',
      (response) => writeEndlessly(response.socket ?? response, 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000)),
    ],
    ['a thousand answers that are to be continued', 'timed-out', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000)],
    [
      'a protocol that nobody asked for',
      'connection-failed',
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    ],
  ] as const satisfies readonly (readonly [string, HostileRow['code'], string | ((response: ServerResponse) => unknown)])[]
).map(([lie, code, answer]) =>
  registryRow(
    `an answer with ${lie}`,
    code,
    aboutManifest(({ response }) =>
      typeof answer === 'string' ? response.socket?.write(answer) && lie.startsWith('chunks') && response.socket.end() : answer(response),
    ),
  ),
);

const statuses: readonly HostileRow[] = [
  registryRow(
    'a redirect without a place to go',
    'registry-invalid',
    aboutManifest(({ response }) => response.writeHead(307).end()),
  ),
  registryRow(
    'a redirect to no URL',
    'registry-invalid',
    aboutManifest(({ response }) => redirect(response, 'http://[::bad')),
  ),
  registryRow(
    'a redirect that leads to itself',
    'response-invalid',
    aboutManifest(({ response, path }) => redirect(response, path)),
  ),
  registryRow(
    'redirects that lead on and on',
    'response-invalid',
    about(/manifests|far/, ({ response }) => redirect(response, `/far/${Math.random()}`)),
  ),
  ...[
    'http://169.254.169.254/latest/meta-data',
    'http://[fe80::1]/',
    'http://0.0.0.0/',
    'http://2852039166/',
    'http://[fd00:ec2::254]/',
    'http://100.100.100.200/',
    'http://[::ffff:169.254.169.254]/',
  ].map((place) =>
    registryRow(
      `a redirect to ${place}`,
      'registry-invalid',
      aboutManifest(({ response }) => redirect(response, place)),
    ),
  ),
  ...['http://127.0.0.1:1/', 'http://[::1]:1/', 'http://localhost:1/', 'http://[::ffff:127.0.0.1]:1/'].map((place) =>
    registryRow(
      `a redirect to ${place} by another machine`,
      'registry-invalid',
      aboutManifest(({ response }) => redirect(response, place)),
    ),
  ),
  ...['file:///etc/passwd', 'data:application/json,{}', 'ftp://other.test/', 'javascript:0'].map((place) =>
    registryRow(
      `a redirect to ${place}`,
      'response-invalid',
      aboutManifest(({ response }) => redirect(response, place)),
    ),
  ),
  registryRow(
    'a limit that ends in a year',
    'rate-limited',
    aboutManifest(({ response }) => response.writeHead(429, { 'retry-after': year }).end()),
  ),
  registryRow(
    'a limit that ends on no date',
    'rate-limited',
    aboutManifest(({ response }) => response.writeHead(429, { 'retry-after': `Mon,${' '.repeat(5000)}99:99:99x` }).end()),
  ),
  registryRow(
    'a failure for ever',
    'registry-unavailable',
    aboutManifest(({ response }) => response.writeHead(503).end('<html>')),
  ),
  registryRow(
    'a success without content',
    'registry-invalid',
    aboutManifest(({ response }) => response.writeHead(204).end()),
  ),
  registryRow(
    'a status that does not exist',
    'registry-unavailable',
    aboutManifest(({ response }) => response.writeHead(999).end()),
  ),
];

/** A row of a list. */
function listRow(
  lie: string,
  code: HostileRow['code'],
  body: string | ((response: ServerResponse) => unknown),
  link?: string | (() => string),
  options: RegistryLieOptions = {},
): HostileRow {
  return registryRow(
    lie,
    code,
    about(/tags\/list|_catalog/, ({ response }) => {
      const next = typeof link === 'function' ? link() : link;
      response.writeHead(200, { ...(next !== undefined && { link: next }) });
      if (typeof body === 'function') body(response);
      else response.end(body);
    }),
    { asks: 'tags', ...options },
  );
}

let page = 0;
const nextPage = (): string => `</v2/team/app/tags/list?last=${(page += 1)}>; rel="next"`;
const manyTags = JSON.stringify({ tags: Array(200_000).fill('tag') });
const emptyIndex = '{"schemaVersion":2,"manifests":[]}';

const lists: readonly HostileRow[] = [
  listRow(
    'a million tags on one page',
    'size-mismatch',
    JSON.stringify({ tags: Array.from({ length: 1_000_000 }, (_, index) => `tag-${index}`) }),
    undefined,
    { maxMemoryMib: 400 },
  ),
  listRow('two hundred thousand tags on each of endless pages', 'registry-invalid', manyTags, nextPage, { maxMemoryMib: 500 }),
  listRow('a page of tags without end', 'size-mismatch', (response) => writeEndlessly(response, '"a",'.repeat(20_000)), undefined, {
    maxMemoryMib: 400,
  }),
  listRow('pages of no tags without end', 'registry-invalid', '{"tags":[]}', nextPage),
  listRow('a page that leads to itself', 'registry-invalid', '{"tags":[]}', '</v2/team/app/tags/list?n=1000>; rel=next'),
  listRow('a page that leads to another host', 'registry-invalid', '{"tags":[]}', '<http://other.test/v2/team/app/tags/list>; rel="next"', {
    credentials: { kind: 'password', username: 'ada', password: 'sesame' },
  }),
  listRow('a page that leads to no URL', 'registry-invalid', '{"tags":[]}', '<http://[::bad>; rel="next"'),
  listRow('tags that are no texts', 'registry-invalid', '{"tags":[1,{}]}'),
  listRow('tags that are an object', 'registry-invalid', '{"tags":{"length":4}}'),
  listRow('tags with escape sequences', 'registry-invalid', String.raw`{"tags":["\u001b]0;owned\u0007"]}`),
  listRow('a tag of a thousand characters', 'registry-invalid', JSON.stringify({ tags: ['a'.repeat(1000)] })),
  listRow('tags that are HTML', 'registry-invalid', '<html>'),
  listRow('a catalog that leads to itself', 'registry-invalid', '{"repositories":[]}', '</v2/_catalog?n=1000>; rel="next"', {
    asks: 'catalog',
  }),
  listRow('a catalog that is a text', 'registry-invalid', '{"repositories":"all"}', undefined, { asks: 'catalog' }),
  registryRow(
    'referrers that lead in a circle',
    'registry-invalid',
    about(/referrers/, ({ response, path }) =>
      response.writeHead(200, { 'content-type': 'application/vnd.oci.image.index.v1+json', link: `<${path}>; rel="next"` }).end(emptyIndex),
    ),
    { asks: 'referrers' },
  ),
  registryRow(
    'referrers that are no index',
    'manifest-invalid',
    about(/referrers/, ({ response }) => response.writeHead(200, { 'content-type': 'application/vnd.oci.image.index.v1+json' }).end('[]')),
    { asks: 'referrers' },
  ),
  registryRow(
    'referrers of 4 MiB and more',
    'manifest-too-large',
    about(/referrers/, ({ response }) =>
      response.writeHead(200, { 'content-type': 'application/vnd.oci.image.index.v1+json' }).end(' '.repeat(4 * 2 ** 20 + 1)),
    ),
    { asks: 'referrers' },
  ),
];

export const registryAnswerRows: readonly HostileRow[] = [...bodies, ...framing, ...statuses, ...lists];
