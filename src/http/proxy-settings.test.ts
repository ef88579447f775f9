import { describe, expect, it } from 'vitest';
import { findProxy } from './proxy-settings.node.ts';

const find = (url: string, env: Record<string, string>): string | undefined => findProxy(new URL(url), env)?.href;

describe('the proxy', () => {
  it.each([
    ['https://a.test', { HTTPS_PROXY: 'http://p:1' }, 'http://p:1/'],
    ['https://a.test', { HTTP_PROXY: 'http://p:1' }, undefined],
    ['http://a.test', { HTTP_PROXY: 'http://p:1' }, 'http://p:1/'],
    ['http://a.test', { HTTP_PROXY: 'http://p:1', REQUEST_METHOD: 'GET' }, undefined],
    ['https://a.test', { HTTPS_PROXY: 'p:1' }, 'http://p:1/'],
    ['https://a.test', { HTTPS_PROXY: 'https://p' }, 'https://p/'],
    ['https://a.test', { HTTPS_PROXY: 'http://big', https_proxy: 'http://small' }, 'http://small/'],
    ['https://a.test', { ALL_PROXY: 'http://all', HTTPS_PROXY: 'http://own' }, 'http://own/'],
    ['http://a.test', { all_proxy: 'http://all', HTTPS_PROXY: 'http://own' }, 'http://all/'],
    ['https://a.test', { HTTPS_PROXY: ' ' }, undefined],
    ['https://a.test', {}, undefined],
  ] as const)('of %s by %j is %s', (url, env, wanted) => {
    expect(find(url, env)).toBe(wanted);
  });

  it('has to speak HTTP, where it would be used', () => {
    const env = { ALL_PROXY: 'socks5://ada:sesame@p:1', NO_PROXY: 'b.test' };
    expect(() => find('https://a.test', env)).toThrow(/socks5:\/\/p:1/);
    expect(() => find('https://a.test', env)).not.toThrow(/sesame/);
    expect(find('https://b.test', env)).toBeUndefined();
  });
});

describe('NO_PROXY', () => {
  const isExempt = (url: string, entries: string): boolean => find(url, { ALL_PROXY: 'http://p', NO_PROXY: entries }) === undefined;

  it.each([
    ['https://a.test', '*'],
    ['https://a.test', 'a.test'],
    ['https://sub.a.test', 'a.test'],
    ['https://sub.a.test', '.a.test'],
    ['https://sub.a.test', '*.a.test'],
    ['https://a.test', 'b.test, A.TEST'],
    ['https://a.test', 'b.test a.test'],
    ['https://a.test', 'a.test:443'],
    ['https://a.test:5000', 'a.test:5000'],
    ['https://10.1.2.3', '10.0.0.0/8'],
    ['https://10.1.2.3', '10.1.2.3'],
    ['https://[2001:db8::1]', '2001:db8::/32'],
    ['https://[2001:db8::1]', '[2001:db8::1]'],
    ['https://localhost', ''],
    ['https://app.localhost', ''],
    ['https://127.8.9.10', ''],
    ['https://[::1]', ''],
  ])('exempts %s by "%s"', (url, entries) => {
    expect(isExempt(url, entries)).toBe(true);
  });

  it.each([
    ['https://a.test', ''],
    ['https://a.test', '.a.test'],
    ['https://a.test', '*.a.test'],
    ['https://ba.test', 'a.test'],
    ['https://a.test', 'a.test:80'],
    ['https://a.test.evil', 'a.test'],
    ['https://11.1.2.3', '10.0.0.0/8'],
    ['https://10.1.2.3', '2.3'],
    ['https://10.1.2.3', '10.0.0.0/99'],
    ['https://a.test', '10.0.0.0/8'],
  ])('leaves %s to the proxy with "%s"', (url, entries) => {
    expect(isExempt(url, entries)).toBe(false);
  });
});
