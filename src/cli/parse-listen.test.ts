import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatListen, parseListen } from './parse-listen.ts';

describe('parseListen', () => {
  it.each([
    ['127.0.0.1:5000', { host: '127.0.0.1', port: 5000 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
    ['8080', { host: '127.0.0.1', port: 8080 }],
  ])('reads %j', (text, address) => expect(parseListen(text)).toEqual(address));

  it.each(['', ':5000', 'host', '::1:5000', 'host:', 'host:65536', 'http://host:80', 'a b:80', 'host:-1'])('refuses %j', (text) => {
    expect(() => parseListen(text)).toThrow(expect.objectContaining({ code: 'usage-invalid' }));
  });

  it('reads what it writes', () => {
    const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(host, fc.integer({ min: 0, max: 65_535 }), (name, port) => {
        expect(parseListen(formatListen({ host: name, port }))).toEqual({ host: name, port });
      }),
    );
  });
});
