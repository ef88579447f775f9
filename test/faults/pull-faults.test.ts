import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { withRetry } from '../../src/bucket/decorators/with-retry.ts';
import { openS3Bucket } from '../../src/bucket/s3/s3-bucket.ts';
import type { ErrorCode } from '../../src/errors/codes.ts';
import { createNodeReadClient } from '../../src/http/node-read-client.node.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { openRepository } from '../../src/registry/repository.ts';
import { systemClock } from '../../src/streams/clock.ts';
import { blobFileName } from '../../src/transports/layout-files.ts';
import { createLayoutTarget } from '../../src/transports/oci-layout.node.ts';
import { rejection } from '../coded-errors.ts';
import { describeBytes } from '../images/build-image.ts';
import { folderTest } from '../images/folder-test.ts';

/** Of a size that comes by many ranges. */
const bytes = Uint8Array.from({ length: 20_000_003 }, (_, index) => (index * 31 + (index >> 9)) % 251);
const layer = describeBytes(mediaTypes.layer, bytes);

/** One answer of the store, counted from 1: what was asked for stands from `start` to before `end`. */
interface Answer {
  readonly turn: number;
  readonly start: number;
  readonly end: number;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function giveRange({ start, end, response }: Answer, given: Uint8Array = bytes): void {
  const range = `bytes ${start}-${end - 1}/${bytes.byteLength}`;
  response.writeHead(206, { ...headers, 'content-length': end - start, 'content-range': range }).end(given.subarray(start, end));
}

const headers = { etag: '"e"', 'last-modified': new Date(0).toUTCString() };

/** Pulls the layer into a folder, from a store that answers as it is told. */
async function pull(folder: string, answer: (answer: Answer) => void): Promise<void> {
  let turn = 0;
  const server = createServer((request, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    answer({ turn: (turn += 1), start: Number(first ?? 0), end: Number(last ?? bytes.byteLength - 1) + 1, request, response });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const http = createNodeReadClient({ env: {}, idleTimeoutMs: 1000 });
  const clock = { ...systemClock, sleep: async () => {} };
  const bucket = withRetry(openS3Bucket({ bucket: 'bucket', endpoint, region: 'us-east-1', http, clock }), { clock });
  try {
    const writer = await createLayoutTarget({ path: folder }).begin();
    await writer.putBlob(layer, openRepository(bucket, parseRepositoryName('app'), { clock }).blobs.open(layer));
  } finally {
    await bucket.close();
    server.closeAllConnections();
    server.close();
  }
}

/** Passing faults, each of some answers. */
const passing: readonly (readonly [string, (answer: Answer) => void])[] = [
  [
    'breaks answers off',
    (answer) => {
      if (answer.turn % 3 !== 0) return giveRange(answer);
      const { start, end, request, response } = answer;
      response.writeHead(206, {
        ...headers,
        'content-length': end - start,
        'content-range': `bytes ${start}-${end - 1}/${bytes.byteLength}`,
      });
      response.write(bytes.subarray(start, start + (end - start) / 2), () => request.socket.destroy());
    },
  ],
  ['is busy', (answer) => (answer.turn % 3 === 0 ? void answer.response.writeHead(503, { 'content-length': 0 }).end() : giveRange(answer))],
  [
    'is busy, and says so in chunks',
    (answer) => (answer.turn % 3 === 0 ? void answer.response.writeHead(503).end('<Error/>') : giveRange(answer)),
  ],
  ['says nothing', (answer) => (answer.turn === 2 ? undefined : giveRange(answer))],
  ['closes each connection', (answer) => giveRange({ ...answer, response: answer.response.setHeader('connection', 'close') })],
  ['ignores ranges', ({ response }) => void response.writeHead(200, { ...headers, 'content-length': bytes.byteLength }).end(bytes)],
];

/** Faults that no other try mends, and what they are called. */
const lasting: readonly (readonly [string, ErrorCode, (answer: Answer) => void])[] = [
  ['gives other bytes', 'digest-mismatch', (answer: Answer) => giveRange(answer, bytes.with(12_345_678, 255))],
  [
    'has another size',
    'size-mismatch',
    ({ response }: Answer) => void response.writeHead(200, { ...headers, 'content-length': 3 }).end('abc'),
  ],
  ['has no such object', 'blob-missing', ({ response }: Answer) => void response.writeHead(404, { 'content-length': 0 }).end()],
  [
    'refuses half of it',
    'access-denied',
    (answer: Answer) =>
      answer.start > 10_000_000 ? void answer.response.writeHead(403, { 'content-length': 0 }).end() : giveRange(answer),
  ],
  ['breaks off for ever', 'connection-failed', ({ request }: Answer) => void request.socket.destroy()],
];

describe('a layer that is pulled into a folder', () => {
  folderTest.for(passing)('comes whole from a store that %s', async ([, answer], { folder }) => {
    await pull(folder, answer);
    expect((await readFile(join(folder, blobFileName(layer.digest)))).equals(bytes)).toBe(true);
  });

  folderTest.for(lasting)('is not there, nor anything of it, where the store %s', async ([, code, answer], { folder }) => {
    expect(await rejection(pull(folder, answer))).toMatchObject({ code });
    const files = await readdir(folder, { recursive: true, withFileTypes: true });
    expect(files.filter((entry) => entry.isFile())).toEqual([]);
  });
});
