import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseResponseHead } from './response-head.ts';

const head = (...lines: readonly string[]): string => lines.join('\r\n');

test('reads status, headers and length', () => {
  expect(parseResponseHead(head('HTTP/1.1 206 Partial Content', 'Content-Length: 12', 'ETag:"a"', 'X-A: 1', 'x-a:  2 '))).toEqual({
    status: 206,
    headers: { 'content-length': '12', etag: '"a"', 'x-a': '1, 2' },
    contentLength: 12,
    isReusable: true,
  });
});

test.each([
  ['HTTP/1.0 200 OK', 'keep-alive', false],
  ['HTTP/1.1 200', 'close', false],
  ['HTTP/1.1 200 OK', 'Keep-Alive, Close', false],
  ['HTTP/1.1 200 OK', 'keep-alive', true],
])('%s with "connection: %s": may be used again: %s', (first, connection, isReusable) => {
  expect(parseResponseHead(head(first, 'content-length: 0', `connection: ${connection}`))?.isReusable).toBe(isReusable);
});

test.each([
  ['no length', ['HTTP/1.1 200 OK']],
  ['two lengths', ['HTTP/1.1 200 OK', 'content-length: 1', 'content-length: 2']],
  ['a length with a sign', ['HTTP/1.1 200 OK', 'content-length: +1']],
  ['a length beyond all numbers', ['HTTP/1.1 200 OK', 'content-length: 9999999999999999']],
  ['chunks', ['HTTP/1.1 200 OK', 'content-length: 1', 'transfer-encoding: chunked']],
  ['what comes before the answer', ['HTTP/1.1 103 Early Hints', 'content-length: 1']],
  ['another protocol', ['HTTP/2 200', 'content-length: 1']],
  ['a status of two digits', ['HTTP/1.1 20 OK', 'content-length: 1']],
  ['a header that goes on in the next line', ['HTTP/1.1 200 OK', 'content-length: 1', 'x: a', ' b']],
  ['a space before the colon', ['HTTP/1.1 200 OK', 'content-length : 1']],
  ['a bare line feed', ['HTTP/1.1 200 OK', 'x: a\ncontent-length: 1']],
])('does not read %s', (_what, lines) => {
  expect(parseResponseHead(head(...lines))).toBeUndefined();
});

test('a header may be called as a member of every object is', () => {
  expect(parseResponseHead(head('HTTP/1.1 200 OK', '__proto__: x', 'content-length: 1'))?.contentLength).toBe(1);
});

test('never throws, whatever comes', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseResponseHead(`HTTP/1.1 200 OK\r\n${text}`)));
});

test.each(['204 No Content', '304 Not Modified'])('is left to others for %s, which has no body whatever its length says', (status) => {
  expect(parseResponseHead(head(`HTTP/1.1 ${status}`, 'content-length: 5'))).toBeUndefined();
});

test.each([
  ['before a value, and what no value may hold behind them', (blanks: string) => `a:${blanks}\0`],
  ['within a value', (blanks: string) => `a: b${blanks}c`],
  ['in place of a value', (blanks: string) => `a:${blanks}`],
])('takes no time for blanks %s', (_, line) => {
  const begunAtMicroseconds = process.cpuUsage().user;
  parseResponseHead(head('HTTP/1.1 200 OK', 'content-length: 1', line(' '.repeat(32_000))));
  expect(process.cpuUsage().user - begunAtMicroseconds).toBeLessThan(200_000);
});
