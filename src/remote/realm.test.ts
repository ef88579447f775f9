import { describe, expect, it } from 'vitest';
import { parseRealm } from './realm.ts';

function ask(registry: string, realm: string, hasCredentials: boolean): string {
  return parseRealm({ realm, registry: new URL(registry), hasCredentials }).href;
}

describe('a realm', () => {
  it.each([
    ['https://registry.test', 'https://auth.test/token'],
    ['https://registry.corp.test', 'https://10.0.0.5/token'],
    ['http://registry.test:5000', 'https://auth.test/token'],
    ['http://registry.test:5000', 'http://registry.test:5000/token'],
    ['http://127.0.0.1:5000', 'http://localhost:5001/token'],
  ])('of %s may be %s, also with a login', (registry, realm) => {
    expect(ask(registry, realm, true)).toBe(realm);
  });

  it('may be another origin without TLS where no login is sent, and the registry has none either', () => {
    expect(ask('http://registry.test', 'http://auth.test/token', false)).toBe('http://auth.test/token');
    expect(() => ask('http://registry.test', 'http://auth.test/token', true)).toThrow(/no login is sent there/);
    expect(() => ask('http://registry.test', 'http://registry.test:81/token', true)).toThrow(/no login is sent there/);
    expect(() => ask('http://localhost:5000', 'http://auth.test/token', true)).toThrow(/no login is sent there/);
  });

  it.each([
    ['https://registry.test', 'http://registry.test/token'],
    ['https://registry.test', 'http://auth.test/token'],
    ['https://registry.test', 'ftp://auth.test/token'],
    ['https://registry.test', '/token'],
    ['https://registry.test', ''],
    ['https://registry.test', 'https://user:secret@auth.test/token'],
    ['https://registry.test', 'https://169.254.169.254/latest/meta-data'],
    ['http://registry.test', 'http://169.254.169.254/latest/meta-data'],
    ['http://127.0.0.1:5000', 'http://169.254.170.2/v2/credentials'],
    ['https://registry.test', 'https://2852039166/'],
    ['https://registry.test', 'https://[fe80::1]/token'],
    ['https://registry.test', 'https://[::ffff:169.254.169.254]/token'],
    ['https://registry.test', 'https://[fd00:ec2::254]/token'],
    ['https://registry.test', 'https://100.100.100.200/token'],
    ['https://registry.test', 'https://127.0.0.1/token'],
    ['https://registry.test', 'https://localhost/token'],
    ['https://registry.test', 'https://[::1]/token'],
    ['https://registry.test', 'https://[::ffff:127.0.0.1]/token'],
    ['https://registry.test', 'https://0.0.0.0/token'],
  ])('of %s is never %s, with or without a login', (registry, realm) => {
    for (const hasCredentials of [true, false]) {
      expect(() => ask(registry, realm, hasCredentials)).toThrow(/Cannot get a token for "[^"]*": its realm/);
      expect(() => ask(registry, realm, hasCredentials)).not.toThrow(/secret/);
    }
  });
});
