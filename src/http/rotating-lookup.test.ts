import { createServer } from 'node:http';
import type { LookupAddress } from 'node:dns';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { readAll } from '../streams/read-all.ts';
import { createNodeHttpClient } from './node-http-client.node.ts';
import { createRotatingLookup, type ResolveName } from './rotating-lookup.node.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const four = (last: number): LookupAddress => ({ address: `127.0.0.${last}`, family: 4 });
const six = (last: number): LookupAddress => ({ address: `::${last}`, family: 6 });

function answering(addresses: LookupAddress[]): { readonly resolve: ResolveName; readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    resolve(hostname, _options, done) {
      asked.push(hostname);
      setImmediate(() => done(null, addresses));
    },
  };
}

type Lookup = ReturnType<typeof createRotatingLookup>;
const allOf = (lookup: Lookup, hostname = 'store.test'): Promise<unknown> =>
  new Promise((resolve, reject) => lookup(hostname, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses))));

describe('the addresses of a name', () => {
  test('are each the first in turn, in their families, and asked for once', async () => {
    const { resolve, asked } = answering([six(1), six(2), four(1), four(2), four(3)]);
    const lookup = createRotatingLookup(resolve);
    const answers = await Promise.all([allOf(lookup), allOf(lookup), allOf(lookup)]);
    expect(answers).toEqual([
      [six(1), six(2), four(1), four(2), four(3)],
      [six(2), six(1), four(2), four(3), four(1)],
      [six(1), six(2), four(3), four(1), four(2)],
    ]);
    expect(asked).toEqual(['store.test']);
  });

  test('are asked for again after a while, and for each name', async () => {
    let nowMs = 0;
    const { resolve, asked } = answering([four(1)]);
    const lookup = createRotatingLookup(resolve, () => nowMs);
    await allOf(lookup);
    await allOf(lookup, 'other.test');
    nowMs = 4999;
    await allOf(lookup);
    nowMs = 5000;
    await allOf(lookup);
    expect(asked).toEqual(['store.test', 'other.test', 'store.test']);
  });

  test('are given one at a time to who wants one', async () => {
    const lookup = createRotatingLookup(answering([four(1), four(2)]).resolve);
    const one = (): Promise<unknown> =>
      new Promise((resolve) => lookup('store.test', {}, (_, address, family) => resolve([address, family])));
    expect([await one(), await one()]).toEqual([
      ['127.0.0.1', 4],
      ['127.0.0.2', 4],
    ]);
  });

  test('that cannot be found are an error each time', async () => {
    let failures = 0;
    const lookup = createRotatingLookup((_hostname, _options, done) => {
      failures += 1;
      done(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), []);
    });
    await expect(allOf(lookup)).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(allOf(lookup)).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(failures).toBe(2);
  });

  test('are all used by connections, and one where nobody listens keeps nobody from the others', async () => {
    const seen = new Set<string>();
    const server = createServer(({ socket }, response) => {
      seen.add(socket.localAddress ?? '');
      setTimeout(() => response.end('moo'), 20);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve));
    const { port } = server.address() as AddressInfo;
    const second = createServer((request, response) => server.emit('request', request, response));
    await new Promise<void>((resolve) => second.listen(port, '127.0.0.3', resolve));
    const client = createNodeHttpClient({ env: {}, lookup: createRotatingLookup(answering([four(1), four(2), four(3)]).resolve) });
    cleanups.push(
      () => void client.close(),
      () => void server.close(),
      () => void second.close(),
    );
    const get = async (): Promise<string> => {
      const { body } = await client.send({
        method: 'GET',
        url: new URL(`http://store.test:${port}/`),
        signal: AbortSignal.timeout(10_000),
      });
      return new TextDecoder().decode(await readAll(body, 100, 'the answer'));
    };
    expect(await Promise.all([get(), get(), get(), get(), get(), get()])).toEqual(Array(6).fill('moo'));
    expect([...seen].sort()).toEqual(['127.0.0.2', '127.0.0.3']);
  });
});
