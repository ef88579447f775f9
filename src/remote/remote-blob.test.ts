import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import { parseDigest } from '../oci/digest.ts';
import { systemClock } from '../streams/clock.ts';
import { type BlobOrigin, readBlob } from './remote-blob.ts';

const size = 300_000;
const blob = { mediaType: 'application/octet-stream', digest: parseDigest(`sha256:${'0'.repeat(64)}`), size };

test('blobs that are read to their end come over one connection, and what was not asked for is not waited for', async () => {
  let connections = 0;
  const server = createServer((_request, response) => response.writeHead(200, { 'content-length': size }).end(new Uint8Array(size)));
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const http = createNodeHttpClient({ env: {} });
  onTestFinished(async () => {
    await http.close();
    server.close();
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const get: BlobOrigin['get'] = (_, headers, signal) => http.send({ method: 'GET', url, headers, signal });
  const read = async (end: number): Promise<number> => {
    let bytes = 0;
    for await (const chunk of readBlob({ where: 'HOST/NAME', clock: systemClock, get }, blob, { end })) bytes += chunk.byteLength;
    return bytes;
  };
  for (let turn = 0; turn < 3; turn += 1) expect(await read(size)).toBe(size);
  expect(connections).toBe(1);
  expect(await read(10)).toBe(10);
  expect(await read(size)).toBe(size);
  expect(connections).toBe(2);
});
